import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, csrf } from "../../api/client";
import type { Import } from "../../api/types";
import { importQuery, importsQuery } from "./queries";

/** Sends files one at a time, with progress; `fetch` tells of none. */
export function useUpload(fileBytesMax: number | undefined, onDone: (next: Import) => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [share, setShare] = useState(0);
  const request = useRef<XMLHttpRequest | null>(null);
  const upload = useMutation({
    mutationFn: (file: File) => {
      if (fileBytesMax !== undefined && fileBytesMax < file.size) {
        throw new ApiError(413, "too_large", t("imports.upload.too_large", { size: mebibytes(fileBytesMax) }));
      }
      setShare(0);
      request.current = new XMLHttpRequest();
      return send(request.current, file, setShare);
    },
    onSuccess: (next) => {
      queryClient.setQueryData(importQuery(next.id).queryKey, next);
      void queryClient.invalidateQueries({ queryKey: importsQuery.queryKey, exact: true });
      onDone(next);
    },
  });
  return { upload, share, abort: () => request.current?.abort() };
}

export function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}

function send(request: XMLHttpRequest, file: File, onShare: (share: number) => void): Promise<Import> {
  return new Promise((resolve, reject) => {
    request.open("POST", `/api/imports?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("x-csrf-token", csrf());
    request.upload.onprogress = ({ loaded, total }) => onShare(0 < total ? loaded / total : 0);
    request.onload = () => {
      const answer: unknown = parsed(request.responseText);
      if (request.status === 200) resolve(answer as Import);
      else reject(refusal(request.status, answer));
    };
    request.onerror = () => reject(new ApiError(0, "network", ""));
    request.onabort = () => reject(new ApiError(0, "aborted", ""));
    request.send(file);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function refusal(status: number, answer: unknown): ApiError {
  const error = typeof answer === "object" && answer !== null && "error" in answer ? answer.error : null;
  const held = error as { code?: string; message?: string } | null;
  return new ApiError(status, held?.code ?? `http_${status}`, held?.message ?? "");
}
