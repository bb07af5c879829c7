import { z } from "zod";
import { isObject, type JsonObject } from "../../../seeds/json.js";
import { documentText, jsonObject } from "./text-inputs.js";

const BUTANE =
  "is a Butane config, which the guest can't read: make Ignition's JSON of it with butane, and give that";

/** Ignition passes over nothing: a config that it can't read keeps the guest from booting, so what is plainly wrong is told here. */
const text = documentText().superRefine((value, context) => {
  const message = textProblem(value);
  if (message !== undefined) context.addIssue({ code: "custom", message, input: value });
});

const object = jsonObject().superRefine((value, context) => {
  const message = configProblem(value);
  if (message !== undefined) context.addIssue({ code: "custom", message, input: value });
});

function textProblem(value: string): string | undefined {
  let config: unknown;
  try {
    config = JSON.parse(value);
  } catch {
    return /^\s*variant:/m.test(value) ? BUTANE : "is no JSON";
  }
  return configProblem(config);
}

function configProblem(config: unknown): string | undefined {
  if (!isObject(config)) return "must be an object with the member ignition";
  if ("variant" in config) return BUTANE;
  const { ignition } = config as JsonObject;
  const version = isObject(ignition) ? ignition.version : undefined;
  return typeof version === "string" && /^[23]\.\d+\.\d+(?:-experimental)?$/.test(version)
    ? undefined
    : 'needs ignition.version, the version of the specification, such as "3.4.0"';
}

export const ignition = z.union([text, object], {
  error: "must be Ignition's JSON, as a string or an object",
});
