/** Making an object of a kind, or changing one as it was read: a form in a dialog. */

import type { ReactNode } from "react";

import type { Change } from "../api/changes";
import type { ResourceName } from "../api/resources";
import { keyOf, pathOf } from "../api/resources";
import type { Answer } from "../api/send";
import { Dialog } from "../parts/Dialog";
import { filled } from "./body";
import type { Field, Values } from "./ResourceForm";
import { ResourceForm } from "./ResourceForm";

interface Props {
  resource: ResourceName;
  /** What one is called: `subnet`. */
  noun: string;
  /** The object that is changed; none makes another one. */
  item?: (object & { revision?: number | undefined }) | undefined;
  /** What the object is called. */
  name?: string;
  fields: readonly Field[];
  initial?: Values;
  /** What is sent besides when one is made. */
  fixed?: Values;
  /** What the values are as members of the body, where they are not the same. */
  body?: (values: Values) => Values;
  onClose: () => void;
  onDone?: (answer: Answer<unknown>) => void;
  children?: ReactNode | ((values: Values) => ReactNode);
}

export function ObjectDialog({ resource, noun, item, name = "", fields, initial = {}, fixed = {}, body = (values) => values, onClose, onDone, children }: Props) {
  const isNew = item === undefined;
  const change = (values: Values, changed: Values): Change =>
    isNew
      ? { method: "POST", path: pathOf(resource), body: { ...fixed, ...filled(body(values)) } }
      : { method: "PATCH", path: pathOf(resource, keyOf(resource, item)), body: body(changed), ifMatch: item.revision };
  return (
    <Dialog title={isNew ? `New ${noun}` : `Change ${noun} ${name}`.trim()} isOpen onClose={onClose} isDismissable={false}>
      <ResourceForm
        fields={fields}
        initial={initial}
        change={change}
        submit={isNew ? "Make" : "Save"}
        done={isNew ? `The ${noun} was made` : `${noun.charAt(0).toUpperCase()}${noun.slice(1)} ${name} was changed`}
        isReversible
        onDone={(answer) => {
          onDone?.(answer);
          onClose();
        }}
        onCancel={onClose}
      >
        {children}
      </ResourceForm>
    </Dialog>
  );
}
