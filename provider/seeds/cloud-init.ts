import type { JsonObject } from "./json.js";

/** A user account, as cloud-init makes it. */
export interface SeedUser {
  name: string;
  gecos?: string | undefined;
  uid?: number | undefined;
  primaryGroup?: string | undefined;
  groups?: readonly string[] | undefined;
  home?: string | undefined;
  shell?: string | undefined;
  sudo?: boolean | string | readonly string[] | undefined;
  sshAuthorizedKeys?: readonly string[] | undefined;
  lockPassword?: boolean | undefined;
  hashedPassword?: string | undefined;
  password?: string | undefined;
}

export interface SeedWrittenFile {
  path: string;
  content: string;
  encoding?: "text" | "base64" | undefined;
  permissions?: string | undefined;
  owner?: string | undefined;
  append?: boolean | undefined;
  defer?: boolean | undefined;
}

export type SeedCommand = string | readonly string[];

/** What a program declares of a guest's first boot, checked. */
export interface CloudInit {
  datasource?: "noCloud" | "configDrive" | undefined;
  hostname?: string | undefined;
  fqdn?: string | undefined;
  users?: readonly SeedUser[] | undefined;
  defaultUser?: boolean | undefined;
  sshAuthorizedKeys?: readonly string[] | undefined;
  sshPasswordLogin?: boolean | undefined;
  packages?: readonly string[] | undefined;
  packageUpdate?: boolean | undefined;
  packageUpgrade?: boolean | undefined;
  bootcmd?: readonly SeedCommand[] | undefined;
  runcmd?: readonly SeedCommand[] | undefined;
  writeFiles?: readonly SeedWrittenFile[] | undefined;
  mounts?: readonly (readonly string[])[] | undefined;
  timezone?: string | undefined;
  locale?: string | undefined;
  cloudConfig?: JsonObject | undefined;
  userData?: string | undefined;
  metaData?: JsonObject | undefined;
  networkConfig?: string | JsonObject | undefined;
  vendorData?: string | JsonObject | undefined;
  instanceId?: string | undefined;
  newInstanceOnChange?: boolean | undefined;
}

/** Inputs that are written into the user data, and so can't stand beside user data of the program's own. */
export const USER_DATA_INPUTS = [
  "users",
  "defaultUser",
  "sshPasswordLogin",
  "packages",
  "packageUpdate",
  "packageUpgrade",
  "bootcmd",
  "runcmd",
  "writeFiles",
  "mounts",
  "timezone",
  "locale",
  "cloudConfig",
] as const satisfies readonly (keyof CloudInit)[];

/** Keys of cloud-config that have an input of their own. */
export const CLOUD_CONFIG_INPUTS: Readonly<Record<string, keyof CloudInit>> = {
  hostname: "hostname",
  fqdn: "fqdn",
  users: "users",
  ssh_authorized_keys: "sshAuthorizedKeys",
  ssh_pwauth: "sshPasswordLogin",
  packages: "packages",
  package_update: "packageUpdate",
  package_upgrade: "packageUpgrade",
  bootcmd: "bootcmd",
  runcmd: "runcmd",
  write_files: "writeFiles",
  mounts: "mounts",
  timezone: "timezone",
  locale: "locale",
};

/** Keys of meta-data that have an input of their own, by data source. */
export const META_DATA_INPUTS: Readonly<
  Record<"noCloud" | "configDrive", Readonly<Record<string, keyof CloudInit>>>
> = {
  noCloud: {
    "instance-id": "instanceId",
    "local-hostname": "hostname",
    "public-keys": "sshAuthorizedKeys",
  },
  configDrive: {
    uuid: "instanceId",
    hostname: "hostname",
    public_keys: "sshAuthorizedKeys",
  },
};
