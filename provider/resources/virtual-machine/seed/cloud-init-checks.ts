import { CLOUD_CONFIG_INPUTS, META_DATA_INPUTS, USER_DATA_INPUTS } from "../../../seeds/cloud-init.js";
import { ofEach, problemIf, type Rule, repeated } from "../../rules.js";
import type { CloudInitInputs } from "./cloud-init-schema.js";
import { isBase64 } from "./text-inputs.js";

const verbatim = USER_DATA_INPUTS.map(
  (key): Rule<CloudInitInputs> =>
    (inputs) =>
      problemIf(
        inputs.userData !== undefined && inputs[key] !== undefined,
        key,
        "can't be written into userData, which is passed on as it is; put it there, or leave userData out",
      ),
);

const names: Rule<CloudInitInputs> = ({ hostname, fqdn }) =>
  problemIf(
    hostname !== undefined && fqdn !== undefined && fqdn.split(".")[0] !== hostname,
    "fqdn",
    "must begin with hostname and a dot",
  );

const userRules: readonly Rule<CloudInitInputs>[] = [
  ({ users = [] }) =>
    repeated(
      users,
      ({ name }) => name,
      (_, i, firstAt) => [{ path: `users[${i}].name`, message: `is the name of users[${firstAt}] too` }],
    ),
  ...ofEach("users", [
    ({ password, hashedPassword }: { password?: unknown; hashedPassword?: unknown }) =>
      problemIf(
        password !== undefined && hashedPassword !== undefined,
        "password",
        "can't stand beside hashedPassword; give one of them",
      ),
  ]),
  ({ defaultUser, sshAuthorizedKeys }) =>
    problemIf(
      defaultUser === false && sshAuthorizedKeys !== undefined,
      "sshAuthorizedKeys",
      "are for the image's default user, which defaultUser: false leaves out; give them to a user in users",
    ),
];

function files({ writeFiles = [] }: CloudInitInputs): ReturnType<Rule<CloudInitInputs>> {
  return writeFiles.flatMap(({ content, encoding }, i) =>
    encoding !== "base64" || isBase64(content)
      ? []
      : [{ path: `writeFiles[${i}].content`, message: 'must be base64, for encoding is "base64"' }],
  );
}

function taken(path: string, given: object, inputs: Readonly<Record<string, string>>) {
  return Object.keys(given).flatMap((key) =>
    problemIf(
      Object.hasOwn(inputs, key),
      member(path, key),
      `has an input of its own, cloudInit.${inputs[key]}`,
    ),
  );
}

const keysOfTheirOwn: readonly Rule<CloudInitInputs>[] = [
  ({ cloudConfig = {} }) => taken("cloudConfig", cloudConfig, CLOUD_CONFIG_INPUTS),
  ({ metaData = {}, datasource = "noCloud" }) => taken("metaData", metaData, META_DATA_INPUTS[datasource]),
];

function dataSource({ datasource, networkConfig }: CloudInitInputs): ReturnType<Rule<CloudInitInputs>> {
  if (datasource !== "configDrive" || networkConfig === undefined) return [];
  return [{ path: "networkConfig", message: 'has no place on a "configDrive"; use datasource "noCloud"' }];
}

function instance({ instanceId, newInstanceOnChange }: CloudInitInputs): ReturnType<Rule<CloudInitInputs>> {
  if (instanceId === undefined || newInstanceOnChange !== true) return [];
  return [
    {
      path: "newInstanceOnChange",
      message: "can't hold while instanceId is fixed; leave one of them out",
    },
  ];
}

function member(path: string, key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

/** What inputs of a seed that are fine one by one ask of each other. No message holds a value: all of a seed is secret. */
export const cloudInitRules: readonly Rule<CloudInitInputs>[] = [
  ...verbatim,
  names,
  ...userRules,
  files,
  ...keysOfTheirOwn,
  dataSource,
  instance,
];
