// The resources' inputs as a program gives them. The provider's zod schemas have them as the SDK's classes pass them on.
import { z } from "zod";
import { INTERNAL_KEYS } from "../provider/engine/input-problem.js";
import { connection, credentials } from "../provider/resources/inputs.js";
import type { JsonObject, JsonSchema } from "./schema-json.mjs";

/** The inputs of a resource, by the schema that the provider validates them with. */
export function programInputs(shape: z.ZodRawShape): JsonObject {
  const { properties, required } = objectOf(z.strictObject(shape));
  const inputs: Record<string, JsonSchema> = { ...properties };
  const needed = new Set(required);
  const take = (...names: string[]) => {
    for (const name of names) {
      delete inputs[name];
      needed.delete(name);
    }
  };
  take(...INTERNAL_KEYS);
  needed.delete("name"); // default: the resource's name
  if ("hosts" in properties) {
    take("hosts", "credentials");
    inputs.host = hostRef();
    inputs.hosts = { type: "array", items: hostRef() };
  } else if ("vm" in properties) {
    take("host", "connection", "credentials");
    inputs.vm = {
      type: "object",
      properties: { host: hostRef(), name: { type: "string" } },
      required: ["host", "name"],
    };
  } else if ("host" in properties) {
    take("connection", "credentials");
    inputs.host = hostRef();
  } else if ("connection" in properties) {
    // A Host's own: its `name` is the resource's, how it is reached are inputs of its own, and `connectTimeout` bounds what it does.
    take("name", "connection", "credentials", "timeouts");
    Object.assign(inputs, connectionObject().properties, credentialsObject().properties);
    for (const name of connectionObject().required) needed.add(name);
  }
  return { type: "object", properties: inputs, required: [...needed] };
}

/** A host without a Host resource of its own. */
function hostRef(): JsonObject {
  return {
    type: "object",
    properties: {
      name: { type: "string" },
      connection: connectionObject(),
      credentials: { ...credentialsObject(), secret: true },
    },
    required: ["name", "connection"],
  };
}

/** Its members are a Host's inputs too, so types in it are named without it. */
function connectionObject(): JsonObject {
  const { properties, ...rest } = objectOf(connection);
  const named = Object.entries(properties).map(([key, schema]) => [
    key,
    schema.enum === undefined ? schema : { ...schema, name: key.charAt(0).toUpperCase() + key.slice(1) },
  ]);
  return { ...rest, properties: Object.fromEntries(named) };
}

function credentialsObject(): JsonObject {
  const { properties, ...rest } = objectOf(credentials);
  const secrets = Object.entries(properties).map(([name, schema]) => [name, { ...schema, secret: true }]);
  return { ...rest, properties: Object.fromEntries(secrets) };
}

function objectOf(schema: z.ZodType): JsonObject {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  return { ...json, properties: json.properties ?? {}, required: json.required ?? [] };
}
