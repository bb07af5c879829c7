import type { Element } from "@xmldom/xmldom";
import { attributeOf, childElement, childElements, type Sketch, sketch } from "./element.js";
import { parseCount, withoutUndefined } from "./value.js";

/** VLANs of what is plugged in: one tag, or a trunk of several. */
export interface Vlan {
  tags: number[];
  /** Frames keep their tags. Always so with several. */
  trunk?: true;
  /** The VLAN of frames without a tag. */
  native?: { tag: number; mode: "tagged" | "untagged" };
}

/** A class of interfaces within a network; identified by its name. */
export interface Portgroup {
  name: string;
  /** Of interfaces that name none. */
  isDefault?: true;
  vlan?: Vlan;
}

/** Reads the `<vlan>` of a network, a portgroup or an interface. */
export function readVlan(parent: Element | undefined): Vlan | undefined {
  const vlan = childElement(parent, "vlan");
  if (vlan === undefined) return undefined;
  const tags = childElements(vlan, "tag");
  const native = tags.find((tag) => attributeOf(tag, "nativeMode") !== undefined);
  const nativeMode = attributeOf(native, "nativeMode");
  const ids = tags.flatMap((tag) => parseCount(attributeOf(tag, "id")) ?? []);
  const nativeTag = parseCount(attributeOf(native, "id"));
  return withoutUndefined({
    tags: ids,
    trunk: attributeOf(vlan, "trunk") === "yes" || ids.length > 1 ? (true as const) : undefined,
    native:
      nativeTag !== undefined && (nativeMode === "tagged" || nativeMode === "untagged")
        ? ({ tag: nativeTag, mode: nativeMode } as const)
        : undefined,
  });
}

/** The `<vlan>` element. */
export function sketchVlan({ tags, trunk, native }: Vlan): Sketch {
  return sketch(
    "vlan",
    { trunk: trunk ? "yes" : undefined },
    tags.map((tag) =>
      sketch("tag", { id: String(tag), nativeMode: native?.tag === tag ? native.mode : undefined }),
    ),
  );
}

/** Reads the `<portgroup>` elements. */
export function readPortgroups(root: Element): Portgroup[] | undefined {
  const groups = childElements(root, "portgroup").map((group) =>
    withoutUndefined({
      name: attributeOf(group, "name") ?? "",
      isDefault: attributeOf(group, "default") === "yes" ? (true as const) : undefined,
      vlan: readVlan(group),
    }),
  );
  return groups.length === 0 ? undefined : groups;
}

/** A `<portgroup>`, which is also what net-update takes for one. */
export function sketchPortgroup({ name, isDefault, vlan }: Portgroup): Sketch {
  return sketch("portgroup", { name, default: isDefault ? "yes" : undefined }, [vlan && sketchVlan(vlan)]);
}
