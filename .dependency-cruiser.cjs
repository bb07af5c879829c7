// The folders' arrows: each may import what stands below it, nothing else. `npm run check` holds the code to it.
const layers = [
  "^sdk/",
  "^cli/",
  "^provider/index[.]ts$",
  "^provider/engine/",
  "^provider/resources/",
  "^provider/fitness/",
  "^provider/planning/",
  "^provider/seeds/",
  "^provider/hosts/",
  "^provider/libvirt/(?!xml/|rpc/)",
  "^provider/libvirt/xml/",
  "^provider/libvirt/rpc/",
  "^provider/ssh/",
];

const upwards = layers.slice(1).map((from, index) => ({
  name: `no-arrow-up-from-${from.replace(/\(.*$|[^a-z/]/g, "").replace(/^provider\/|\/$/g, "")}`,
  comment: "A folder imports only what stands below it.",
  severity: "error",
  from: { path: from },
  to: { path: layers.slice(0, index + 1) },
}));

const ioModules =
  "^(node:)?(fs|net|tls|dns|dgram|http|https|http2|child_process|worker_threads|cluster|readline|timers)(/|$)";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...upwards,
    {
      name: "sdk-knows-only-the-provider's-types",
      comment: "What a program imports does no I/O: the provider is loaded by name in its own process.",
      severity: "error",
      from: { path: "^sdk/" },
      to: { path: "^(provider|cli)/", dependencyTypesNot: ["type-only", "type-import"] },
    },
    {
      name: "sdk-does-no-io",
      severity: "error",
      from: { path: "^sdk/" },
      to: { path: [ioModules, "node_modules/(ssh2|@xmldom/xmldom|xpath|ssh-config)/"] },
    },
    {
      name: "planning-is-pure",
      comment: "Plans are made of values; whoever calls the planner has done the I/O.",
      severity: "error",
      from: { path: ["^provider/planning/", "^provider/resources/.*/plan[.]ts$"] },
      to: { path: [ioModules, "^provider/(ssh|libvirt/rpc)/", "node_modules/(ssh2|@pulumi)/"] },
    },
    {
      name: "judging-is-pure",
      comment: "What is said of a host follows from what was found out about it, and from nothing else.",
      severity: "error",
      from: { path: "^provider/fitness/(judge-|verdict|finding|distribution|machine)" },
      to: {
        path: [ioModules, "^provider/(hosts|libvirt(?!/xml/machine-types)|ssh)/"],
        dependencyTypesNot: ["type-only", "type-import"],
      },
    },
    {
      name: "seeds-are-pure",
      comment: "Documents and volumes are made of values, and know no host.",
      severity: "error",
      from: { path: "^provider/seeds/" },
      to: { path: [ioModules, "^provider/(?!seeds/)"] },
    },
    {
      name: "planning-knows-hosts-by-their-types",
      severity: "error",
      from: { path: ["^provider/planning/", "^provider/resources/.*/plan[.]ts$"] },
      to: { path: "^provider/(hosts|libvirt/(?!xml/))", dependencyTypesNot: ["type-only", "type-import"] },
    },
    {
      name: "xml-is-pure",
      severity: "error",
      from: { path: "^provider/libvirt/xml/" },
      to: { path: [ioModules, "^provider/libvirt/(?!xml/)", "^provider/ssh/"] },
    },
    {
      name: "rpc-and-ssh-don't-know-each-other",
      comment: "A duplex stream joins them.",
      severity: "error",
      from: { path: "^provider/libvirt/" },
      to: { path: "^provider/ssh/" },
    },
    {
      name: "ssh-stands-alone",
      severity: "error",
      from: { path: "^provider/ssh/" },
      to: { path: "^(sdk|cli|provider)/(?!ssh/)" },
    },
    {
      name: "only-the-engine-and-the-sdk-know-pulumi",
      severity: "error",
      from: { path: "^provider/(?!engine/|index[.]ts$)" },
      to: { path: "node_modules/@pulumi/pulumi/" },
    },
    {
      name: "xdr-stays-below-libvirt",
      severity: "error",
      from: { path: "^(sdk|cli|provider)/", pathNot: "^provider/libvirt/" },
      to: { path: "^provider/libvirt/rpc/", dependencyTypesNot: ["type-only", "type-import"] },
    },
    {
      name: "ssh2-only-in-ssh",
      severity: "error",
      from: { path: "^(sdk|cli|provider)/", pathNot: "^provider/ssh/" },
      to: { path: "node_modules/(ssh2|ssh-config)/" },
    },
    {
      name: "no-circle",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only", "type-import"] } },
    },
    {
      name: "resolvable",
      comment: "The package's own name resolves only once dist/ is built.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^pulumi-kvm(/|$)" },
    },
    {
      name: "the-package-brings-what-it-imports",
      severity: "error",
      from: { path: "^(sdk|cli|provider)/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["npm-peer", "type-only", "type-import"],
      },
    },
    {
      name: "the-package-knows-no-tests",
      severity: "error",
      from: { path: "^(sdk|cli|provider)/" },
      to: { path: "^(test|scripts|codegen|examples)/" },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|node_modules/.cache)/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
