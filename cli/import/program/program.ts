import type { GivenHost } from "../../host-argument.js";
import type { ImportedKind, NamedResource } from "../resource.js";
import { Code, literal, properties } from "./literal.js";
import { Identifiers } from "./names.js";
import { isDiskReference } from "./references.js";

const COMMENT_WIDTH = 106;

/** The text of index.ts. The same hosts give the same text. */
export function programText(
  given: readonly GivenHost[],
  resources: readonly NamedResource[],
  { protect }: { protect: boolean },
): string {
  const identifiers = new Identifiers();
  const hosts = new Map(given.map(({ ref }) => [ref.name, identifiers.claim("Host", ref.name)]));
  const codeOf = (host: string) => new Code(hosts.get(host) ?? JSON.stringify(host));
  const variables = resources.map((resource) => ({
    resource,
    identifier: identifiers.claim(resource.kind, resource.name),
  }));
  const findBefore = (i: number, kind: ImportedKind, name: string, pool?: string) =>
    variables
      .slice(0, i)
      .find(
        ({ resource }) =>
          resource.kind === kind &&
          resource.libvirtName === name &&
          resource.hosts.some((host) => resources[i]?.hosts.includes(host)) &&
          (pool === undefined || resource.inputs.pool === pool),
      )?.identifier;

  /** Names of what the program has declared by then become its variables. */
  const linked = (value: unknown, i: number): unknown => {
    const find = (kind: ImportedKind, name: string, pool?: string) => findBefore(i, kind, name, pool);
    if (Array.isArray(value)) return value.map((entry: unknown) => linked(entry, i));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const variable =
          key === "pool" && typeof inner === "string"
            ? find("StoragePool", inner)
            : key === "network" && typeof inner === "string"
              ? find("Network", inner)
              : key === "disk" && isDiskReference(inner)
                ? find("Disk", inner.name, inner.pool)
                : undefined;
        return [key, variable === undefined ? linked(inner, i) : new Code(variable)];
      }),
    );
  };

  const blocks = variables.map(({ resource, identifier }, i) => {
    const { kind, name, libvirtName, inputs, notes } = resource;
    const [first = "", ...others] = resource.hosts;
    const all = {
      ...(others.length === 0 ? { host: codeOf(first) } : { hosts: resource.hosts.map(codeOf) }),
      ...(name === libvirtName ? {} : { name: libvirtName }),
      adopt: true,
      ...(linked(inputs, i) as Record<string, unknown>),
    };
    const comment = notes.length === 0 ? "" : commentText(`Stays as it is on the host: ${notes.join("; ")}.`);
    const start = `const ${identifier} = new kvm.${kind}(`;
    return protect
      ? `${comment}${start}
  ${JSON.stringify(name)},
  {
${properties(all, 4)}  },
  { protect: true },
);
`
      : `${comment}${start}${JSON.stringify(name)}, {
${properties(all, 2)}});
`;
  });
  const declared = given.map(({ ref, args }) => {
    const start = `const ${hosts.get(ref.name)} = new kvm.Host(${JSON.stringify(ref.name)}, `;
    return `${start}${literal(args, { indent: 0, used: start.length + 2 })});\n`;
  });
  return [
    `import * as kvm from "pulumi-kvm";\n`,
    `${commentText(
      `What is on ${listed([...hosts.keys()])}, as "kvm import" found it. "pulumi up" takes it over and changes nothing; what isn't written here stays as it is.${
        protect ? " While protect is set, nothing of it is deleted." : ""
      }`,
    )}${declared.join("")}`,
    ...blocks,
  ].join("\n");
}

/** "alpha", "alpha and beta", "alpha, beta and gamma". */
export function listed(names: readonly string[]): string {
  const [last = "", ...rest] = [...names].reverse();
  return rest.length === 0 ? last : `${rest.reverse().join(", ")} and ${last}`;
}

function commentText(text: string): string {
  const lines: string[] = [];
  let line = "//";
  // Line breaks within would end the comment.
  for (const word of text.split(/[\s\u2028\u2029]+/)) {
    if (line.length + 1 + word.length > COMMENT_WIDTH && line !== "//") {
      lines.push(line);
      line = "//";
    }
    line += ` ${word}`;
  }
  return `${[...lines, line].join("\n")}\n`;
}
