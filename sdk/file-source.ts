import * as pulumi from "@pulumi/pulumi";
import { unwrapped } from "./host-ref.js";
import type { FileSource, In } from "./types.js";

/** Assets by where they are; the provider reads them. */
export function sourceOf(source: In<FileSource>): pulumi.Output<unknown> {
  return unwrapped(source).apply((given) => {
    // Also of a second copy of Pulumi's SDK.
    if (!pulumi.asset.Asset.isInstance(given)) return pulumi.output(given);
    const { path, uri } = given as Partial<pulumi.asset.FileAsset & pulumi.asset.RemoteAsset>;
    return pulumi.output<unknown>(path ?? uri ?? given);
  });
}
