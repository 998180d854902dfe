import { DuckDBInstance, type Json } from '@duckdb/node-api';

/** Runs one query in a DuckDB of its own, and returns the rows as JSON: large integers are text. */
export async function queryDuckDb(sql: string): Promise<Record<string, Json>[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
