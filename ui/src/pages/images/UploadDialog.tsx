/** Uploads an image from this browser. */

import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";

import type { Field, Values } from "../../form/Fields";
import { Fields, missing } from "../../form/Fields";
import { bytesInWords } from "../../parts/bytes";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { Note } from "../../parts/Panel";
import { ProblemView } from "../../parts/Problem";
import { Copyable } from "../../parts/ShowAs";
import { useToasts } from "../../parts/Toasts";
import styles from "./Images.module.css";
import type { Step } from "./upload";
import { upload } from "./upload";

const FIELDS: readonly Field[] = [
  { name: "name", label: "Name", isNeeded: true, placeholder: "custom/web, or debian/bookworm", help: "Another upload under the same name is a newer version of it." },
  { name: "title", label: "Title", placeholder: "Web server" },
  {
    name: "architecture",
    label: "Architecture",
    kind: "select",
    options: ["amd64/generic", "arm64/generic"].map((value) => ({ value, label: value })),
  },
  {
    name: "filetype",
    label: "What it is",
    kind: "select",
    options: [
      { value: "tgz", label: "tar archive of the root, by gzip" },
      { value: "tzst", label: "tar archive of the root, by zstd" },
    ],
  },
];

/** What sort of archive a file is by its name. */
export function filetypeOf(name: string): string {
  return /\.(tar\.zst|tzst)$/i.test(name) ? "tzst" : "tgz";
}

/** Sends a file as an image: how far it is, and how it is given up. */
function useUpload(onDone: (image: number) => void) {
  const [step, setStep] = useState<Step | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const sent = useMutation({
    mutationFn: ({ file, as }: { file: File; as: Parameters<typeof upload>[1] }) => {
      running.current = new AbortController();
      return upload(file, as, setStep, running.current.signal);
    },
    onSuccess: onDone,
    onSettled: () => setStep(null),
  });
  return { step, sent };
}

export function UploadDialog({ onClose }: { onClose: () => void }) {
  const [values, setValues] = useState<Values>({ name: "", title: "", architecture: "amd64/generic", filetype: "tgz" });
  const [file, setFile] = useState<File | null>(null);
  const toasts = useToasts();
  const navigate = useNavigate();
  const text = (name: string) => String(values[name] ?? "");
  const { step, sent } = useUpload((image) => {
    toasts.tell(`${text("name")} was uploaded`);
    onClose();
    void navigate(`/images/${image}`);
  });
  const refusal = missing(FIELDS, values) ?? (file === null ? "A file is missing." : null);
  const choose = (chosen: File | null) => {
    setFile(chosen);
    if (chosen !== null) setValues((before) => ({ ...before, filetype: filetypeOf(chosen.name) }));
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (file !== null && refusal === null && !sent.isPending) sent.mutate({ file, as: { name: text("name"), title: text("title"), architecture: text("architecture"), filetype: text("filetype") } });
  };
  return (
    <Dialog title="Upload an image" isOpen onClose={onClose} isDismissable={false}>
      <form className={styles.form} onSubmit={send} noValidate>
        <label className={styles.file}>
          File
          <input type="file" disabled={sent.isPending} onChange={(event) => choose(event.target.files?.[0] ?? null)} />
        </label>
        <Fields fields={FIELDS} values={values} onChange={(name, value) => setValues((before) => ({ ...before, [name]: value }))} />
        {sent.error !== null && <ProblemView error={sent.error} />}
        {step !== null && <StepView step={step} />}
        <div>
          <Note>The same for a shell:</Note>
          <Copyable text={`ironraft image upload ${text("name") === "" ? "custom/web" : text("name")} ${file?.name ?? "web.tar.gz"} --filetype ${text("filetype")} --architecture ${text("architecture")}`} />
        </div>
        <div className={styles.buttons}>
          <Button type="submit" kind="primary" refusal={refusal} isPending={sent.isPending}>
            Upload
          </Button>
          <Button kind="quiet" onPress={onClose}>
            {sent.isPending ? "Give up" : "Cancel"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function StepView({ step }: { step: Step }) {
  const what = step.what === "digest" ? "Reading the file" : "Sending it";
  return (
    <div className={styles.step}>
      <span>{what}</span>
      <progress aria-label={what} max={step.size} value={step.done} />
      <span>
        {bytesInWords(step.done)} of {bytesInWords(step.size)}
      </span>
    </div>
  );
}
