import { showPage } from '@fedvox/desk/web';
import { App } from './app.js';

showPage(App);
