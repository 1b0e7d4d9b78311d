export { type DashboardSpec, startDashboard } from './dashboard.js';
export type { FirstModel } from './submit-routes.js';
