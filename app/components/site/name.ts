export const SITE = 'Behind the Scenes'
