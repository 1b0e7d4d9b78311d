import { showPage } from '@fedvox/desk/web';
import { App } from './app.js';
import { followEvents } from './live/event-poll.js';

void followEvents();
showPage(App);
