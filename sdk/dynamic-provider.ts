import type * as pulumi from "@pulumi/pulumi";

/** Pulumi evaluates the provider's text in a CommonJS module, where `require` exists; this package itself is ESM. */
declare const require: (module: "pulumi-kvm/provider") => typeof import("../provider/index.js");

/**
 * The provider object whose text Pulumi stores in every resource's state. That text must stay as it is: it only names a module
 * and hands over, so state written by an old version always runs the code that is installed now, and nothing else is captured.
 */
export function dynamicProvider(kind: string): pulumi.dynamic.ResourceProvider {
  return {
    check: async (olds, news) => require("pulumi-kvm/provider").check(kind, olds, news),
    diff: async (id, olds, news) => require("pulumi-kvm/provider").diff(kind, id, olds, news),
    create: async (inputs) => require("pulumi-kvm/provider").create(kind, inputs),
    read: async (id, props) => require("pulumi-kvm/provider").read(kind, id, props),
    update: async (id, olds, news) => require("pulumi-kvm/provider").update(kind, id, olds, news),
    delete: async (id, props) => require("pulumi-kvm/provider").remove(kind, id, props),
  };
}
