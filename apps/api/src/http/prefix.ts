/** Everything but the health checks lies below it. */
export const globalPrefix = 'api';
export const prefixOptions = { exclude: ['livez', 'readyz'] };
