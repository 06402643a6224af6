/** Making an object of a kind, or changing one as it was read: a form in a dialog. */

import type { Change } from "../api/changes";
import type { ResourceName } from "../api/resources";
import { keyOf, pathOf } from "../api/resources";
import type { Values } from "./Fields";
import { filled } from "./Fields";
import { FormDialog } from "./FormDialog";
import type { FormProps } from "./ResourceForm";

interface Props extends Pick<FormProps, "fields" | "initial" | "cli" | "onDone" | "children">, Partial<Pick<FormProps, "done" | "isReversible">> {
  resource: ResourceName;
  /** What one is called: `subnet`. */
  noun: string;
  /** The object that is changed; none makes another one. */
  item?: (object & { revision?: number | undefined }) | undefined;
  /** What the object is called. */
  name?: string;
  /** What is sent besides when one is made. */
  fixed?: Values;
  /** What the values are as members of the body, where they are not the same. */
  body?: (values: Values) => Values;
  waitsFor?: readonly { isPending: boolean; error?: unknown }[];
  onClose: () => void;
}

export function ObjectDialog({ resource, noun, item, name = "", fields, initial = {}, fixed = {}, body = (values) => values, ...form }: Props) {
  const isNew = item === undefined;
  const change = (values: Values, changed: Values): Change =>
    isNew
      ? { method: "POST", path: pathOf(resource), body: { ...fixed, ...filled(body(values)) } }
      : { method: "PATCH", path: pathOf(resource, keyOf(resource, item)), body: body(changed), ifMatch: item.revision };
  return (
    <FormDialog
      title={isNew ? `New ${noun}` : `Change ${noun} ${name}`.trim()}
      fields={fields}
      initial={initial}
      change={change}
      submit={isNew ? "Make" : "Save"}
      done={isNew ? `The ${noun} was made` : `${noun.charAt(0).toUpperCase()}${noun.slice(1)} ${name} was changed`}
      isReversible
      {...form}
    />
  );
}
