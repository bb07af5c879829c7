import { CLOUD_CONFIG_INPUTS, META_DATA_INPUTS, USER_DATA_INPUTS } from "../../../seeds/cloud-init.js";
import type { CloudInitInputs } from "./cloud-init-schema.js";
import { isBase64 } from "./text-inputs.js";

type Problems = { path: string; message: string }[];

/** Problems between inputs of a seed that are fine one by one. No message holds a value: all of a seed is secret. */
export function cloudInitProblems(inputs: CloudInitInputs): Problems {
  return [verbatim, names, users, files, keysOfTheirOwn, dataSource, instance].flatMap((check) =>
    check(inputs).map(({ path, message }) => ({ path: `cloudInit.${path}`, message })),
  );
}

function verbatim(inputs: CloudInitInputs): Problems {
  if (inputs.userData === undefined) return [];
  return USER_DATA_INPUTS.filter((key) => inputs[key] !== undefined).map((key) => ({
    path: key,
    message:
      "can't be written into userData, which is passed on as it is; put it there, or leave userData out",
  }));
}

function names({ hostname, fqdn }: CloudInitInputs): Problems {
  if (hostname === undefined || fqdn === undefined || fqdn.split(".")[0] === hostname) return [];
  return [{ path: "fqdn", message: "must begin with hostname and a dot" }];
}

function users({ users: declared, defaultUser, sshAuthorizedKeys }: CloudInitInputs): Problems {
  const problems: Problems = [];
  const seen = new Map<string, number>();
  (declared ?? []).forEach(({ name, password, hashedPassword }, i) => {
    const first = seen.get(name);
    if (first === undefined) seen.set(name, i);
    else problems.push({ path: `users[${i}].name`, message: `is the name of users[${first}] too` });
    if (password !== undefined && hashedPassword !== undefined)
      problems.push({
        path: `users[${i}].password`,
        message: "can't stand beside hashedPassword; give one of them",
      });
  });
  if (defaultUser === false && sshAuthorizedKeys !== undefined)
    problems.push({
      path: "sshAuthorizedKeys",
      message:
        "are for the image's default user, which defaultUser: false leaves out; give them to a user in users",
    });
  return problems;
}

function files({ writeFiles = [] }: CloudInitInputs): Problems {
  return writeFiles.flatMap(({ content, encoding }, i) =>
    encoding !== "base64" || isBase64(content)
      ? []
      : [{ path: `writeFiles[${i}].content`, message: 'must be base64, for encoding is "base64"' }],
  );
}

function keysOfTheirOwn({
  cloudConfig = {},
  metaData = {},
  datasource = "noCloud",
}: CloudInitInputs): Problems {
  const taken = (path: string, given: object, inputs: Readonly<Record<string, string>>) =>
    Object.keys(given).flatMap((key) =>
      Object.hasOwn(inputs, key)
        ? [
            {
              path: member(path, key),
              message: `has an input of its own, cloudInit.${inputs[key]}`,
            },
          ]
        : [],
    );
  return [
    ...taken("cloudConfig", cloudConfig, CLOUD_CONFIG_INPUTS),
    ...taken("metaData", metaData, META_DATA_INPUTS[datasource]),
  ];
}

function dataSource({ datasource, networkConfig }: CloudInitInputs): Problems {
  if (datasource !== "configDrive" || networkConfig === undefined) return [];
  return [{ path: "networkConfig", message: 'has no place on a "configDrive"; use datasource "noCloud"' }];
}

function instance({ instanceId, newInstanceOnChange }: CloudInitInputs): Problems {
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
