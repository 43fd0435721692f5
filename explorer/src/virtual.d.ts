declare module "virtual:land" {
  const address: string;
  export default address;
}
