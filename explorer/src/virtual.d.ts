declare module "virtual:land" {
  export const coarse: import("geojson").FeatureCollection;
  export const fine: string;
}
