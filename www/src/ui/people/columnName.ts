// Columns by name: an attribute of the source as expressions write it, a target as its mapping does.
import { isOwn } from "../../prefs";
import { strings } from "../../strings";

export function columnName(column: string): string {
  if (isOwn(column)) return strings().columnsTitle[column];
  const name = column.slice(column.indexOf("/") + 1);
  return column.startsWith("source/") ? `[${name}]` : name;
}
