/** Numbers as DAP's `ValueFormat.hex` wants them. Pure. */
import type { Protocol } from "devtools-protocol";

type RemoteObject = Protocol.Runtime.RemoteObject;
type ObjectPreview = Protocol.Runtime.ObjectPreview;

/** The same value with its whole numbers, and those of its preview, in hexadecimal. */
export function inHex(value: RemoteObject): RemoteObject {
  const description = hexText(value.type, value.description ?? value.unserializableValue);
  const { unserializableValue: _, ...rest } = value;
  return {
    ...(description === undefined ? value : { ...rest, description }),
    ...(value.preview ? { preview: previewInHex(value.preview) } : {}),
  };
}

function previewInHex(preview: ObjectPreview): ObjectPreview {
  const description = hexText(preview.type, preview.description);
  return {
    ...preview,
    ...(description === undefined ? {} : { description }),
    properties: preview.properties.map((property) => {
      const value = hexText(property.type, property.value);
      return value === undefined ? property : { ...property, value };
    }),
    ...(preview.entries
      ? {
          entries: preview.entries.map(({ key, value }) => ({
            ...(key ? { key: previewInHex(key) } : {}),
            value: previewInHex(value),
          })),
        }
      : {}),
  };
}

/** Undefined for what is no whole number. */
function hexText(type: string, text: string | undefined): string | undefined {
  const [, sign = "", digits] = /^(-?)(\d+)n?$/.exec(text ?? "") ?? [];
  if (digits === undefined || (type !== "number" && type !== "bigint")) return undefined;
  return `${sign}0x${BigInt(digits).toString(16)}${type === "bigint" ? "n" : ""}`;
}
