/** Uploads an image from this browser. */

import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useEffect, useId, useRef, useState } from "react";
import { useNavigate } from "react-router";

import { Input } from "../../form/Input";
import type { Field, Values } from "../../form/ResourceForm";
import { Button } from "../../parts/Button";
import { Dialog } from "../../parts/Dialog";
import { ProblemView } from "../../parts/Problem";
import { Copyable } from "../../parts/ShowAs";
import { useToasts } from "../../parts/Toasts";
import { bytesInWords } from "./image";
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

export function UploadDialog({ onClose }: { onClose: () => void }) {
  const [values, setValues] = useState<Values>({ name: "", title: "", architecture: "amd64/generic", filetype: "tgz" });
  const [file, setFile] = useState<File | null>(null);
  const [step, setStep] = useState<Step | null>(null);
  const running = useRef<AbortController | null>(null);
  const toasts = useToasts();
  const navigate = useNavigate();
  const id = useId();
  useEffect(() => () => running.current?.abort(), []);
  const text = (name: string) => String(values[name] ?? "");
  const sent = useMutation({
    mutationFn: (content: File) => {
      running.current = new AbortController();
      const as = { name: text("name"), title: text("title"), architecture: text("architecture"), filetype: text("filetype") };
      return upload(content, as, setStep, running.current.signal);
    },
    onSuccess: (image) => {
      toasts.tell(`${text("name")} was uploaded`);
      onClose();
      void navigate(`/images/${image}`);
    },
    onSettled: () => setStep(null),
  });
  const refusal = text("name") === "" ? "Name is missing." : file === null ? "A file is missing." : null;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (file !== null && refusal === null && !sent.isPending) sent.mutate(file);
  };
  return (
    <Dialog title="Upload an image" isOpen onClose={onClose} isDismissable={!sent.isPending}>
      <form className={styles.form} onSubmit={send} noValidate>
        <div className={styles.file}>
          <label htmlFor={`${id}-file`}>File</label>
          <input
            id={`${id}-file`}
            type="file"
            disabled={sent.isPending}
            onChange={(event) => {
              const chosen = event.target.files?.[0] ?? null;
              setFile(chosen);
              if (chosen !== null) setValues((before) => ({ ...before, filetype: filetypeOf(chosen.name) }));
            }}
          />
        </div>
        {FIELDS.map((field) => (
          <Input key={field.name} id={`${id}-${field.name}`} field={field} value={values[field.name] ?? ""} fault={null} onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))} />
        ))}
        {sent.error !== null && <ProblemView error={sent.error} />}
        {step !== null && (
          <div className={styles.step}>
            <span>{step.what === "digest" ? "Reading the file" : "Sending it"}</span>
            <progress aria-label={step.what === "digest" ? "Reading the file" : "Sending it"} max={step.size} value={step.done} />
            <span>
              {bytesInWords(step.done)} of {bytesInWords(step.size)}
            </span>
          </div>
        )}
        <div>
          <p className={styles.quiet}>The same for a shell:</p>
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
