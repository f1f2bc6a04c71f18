/** Made by vite.config.ts out of `locales/*.json`. */
declare module "portal-texts/*" {
  const texts: object;
  export default texts;
}
