// The package's root import does not load in Node; this path does everywhere, but carries no types.
declare module "wgsl_reflect/wgsl_reflect.module.js" {
  export * from "wgsl_reflect";
}
