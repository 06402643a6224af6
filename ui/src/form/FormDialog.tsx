/** A form in a dialog, which closes when it is done or given up. */

import type { ReactNode } from "react";

import { Dialog } from "../parts/Dialog";
import { Loading, ProblemView } from "../parts/Problem";
import type { FormProps } from "./ResourceForm";
import { ResourceForm } from "./ResourceForm";

interface Props extends Omit<FormProps, "onCancel"> {
  title: string;
  /** What stands above the form. */
  lead?: ReactNode;
  /** What the choices of its fields come from: until it is there, so is the form. */
  waitsFor?: readonly { isPending: boolean; error?: unknown }[];
  onClose: () => void;
}

export function FormDialog({ title, lead, waitsFor = [], onClose, onDone, ...form }: Props) {
  const isReady = waitsFor.every(({ isPending }) => !isPending);
  const error = waitsFor.find((found) => found.error !== undefined && found.error !== null)?.error;
  return (
    <Dialog title={title} isOpen onClose={onClose} isDismissable={false}>
      {lead}
      {error !== undefined && <ProblemView error={error} />}
      {isReady ? (
        <ResourceForm
          {...form}
          onDone={(answer) => {
            onClose();
            onDone?.(answer);
          }}
          onCancel={onClose}
        />
      ) : (
        <Loading />
      )}
    </Dialog>
  );
}
