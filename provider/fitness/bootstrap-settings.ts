import { z } from "zod";
import type { BootstrapSettings } from "./bootstrap.js";

const DEFAULT_POOL = { name: "default", path: "/var/lib/libvirt/images" };

const device = (what: string) =>
  z.string({ error: `${what} must be a string` }).regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/, {
    error: `${what} must be up to 15 letters, digits, "_", "." and "-", such as "br0"`,
  });

const settings = z.strictObject({
  member: z
    .string({ error: "must be a string" })
    .regex(/^[A-Za-z_][A-Za-z0-9_.-]*\$?$/, { error: "must be the name of a user" })
    .optional(),
  pool: z
    .union(
      [
        z.literal(false),
        z.strictObject({
          name: z
            .string()
            .regex(/^[^\s/\p{Cc}-][^/\p{Cc}]*$/u, { error: 'must be without "/" and not begin with "-"' })
            .optional(),
          path: z
            .string()
            .regex(/^\/[^\p{Cc}]*$/u, { error: 'must begin with "/"' })
            .optional(),
        }),
      ],
      { error: "must be false, or { name, path }" },
    )
    .optional(),
  bridge: z
    .strictObject(
      { name: device("name"), port: device("port").optional() },
      { error: "must be { name, port }" },
    )
    .optional(),
  firmware: z.boolean({ error: "must be true or false" }),
  tpm: z.boolean({ error: "must be true or false" }),
});

/**
 * What a program says of a host, checked.
 *
 * @throws Error with all that is wrong.
 */
export function bootstrapSettings(name: string, given: unknown): BootstrapSettings {
  const parsed = settings.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new Error(`HostBootstrap ${name}: ${problems.join("; ")}`);
  }
  const { pool, ...others } = parsed.data;
  return {
    ...others,
    pool: pool === false ? undefined : { ...DEFAULT_POOL, ...withoutUndefined(pool ?? {}) },
  };
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
