import type { CloudInit, SeedUser, SeedWrittenFile } from "./cloud-init.js";
import { type JsonObject, members } from "./json.js";

/** The document `#cloud-config` of the typed inputs, in cloud-init's own names. */
export function cloudConfig(inputs: CloudInit): JsonObject {
  return members({
    hostname: inputs.hostname,
    fqdn: inputs.fqdn,
    users: users(inputs),
    ssh_authorized_keys: inputs.sshAuthorizedKeys,
    ssh_pwauth: inputs.sshPasswordLogin,
    bootcmd: inputs.bootcmd,
    package_update: inputs.packageUpdate,
    package_upgrade: inputs.packageUpgrade,
    packages: inputs.packages,
    write_files: inputs.writeFiles?.map(writtenFile),
    mounts: inputs.mounts,
    timezone: inputs.timezone,
    locale: inputs.locale,
    runcmd: inputs.runcmd,
    ...inputs.cloudConfig,
  });
}

/** A list replaces the image's own default user, unless it names it. */
function users({ users: declared, defaultUser = true }: CloudInit) {
  if (declared === undefined) return defaultUser ? undefined : [];
  return [...(defaultUser ? ["default"] : []), ...declared.map(user)];
}

function user(declared: SeedUser): JsonObject {
  const { sudo, password, hashedPassword } = declared;
  const hasPassword = password !== undefined || hashedPassword !== undefined;
  return members({
    name: declared.name,
    gecos: declared.gecos,
    uid: declared.uid,
    primary_group: declared.primaryGroup,
    groups: declared.groups,
    homedir: declared.home,
    shell: declared.shell,
    sudo: sudo === true ? "ALL=(ALL) NOPASSWD:ALL" : sudo === false ? undefined : sudo,
    ssh_authorized_keys: declared.sshAuthorizedKeys,
    // cloud-init locks passwords unless it is told not to, also those that it has just set.
    lock_passwd: declared.lockPassword ?? (hasPassword ? false : undefined),
    hashed_passwd: hashedPassword,
    plain_text_passwd: password,
  });
}

function writtenFile(declared: SeedWrittenFile): JsonObject {
  return members({
    path: declared.path,
    encoding: declared.encoding === "base64" ? "b64" : undefined,
    content: declared.content,
    permissions: declared.permissions,
    owner: declared.owner,
    append: declared.append,
    defer: declared.defer,
  });
}
