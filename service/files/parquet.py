"""Parquet, with pyarrow, which is an extra. Columns keep their types.

Read and written batch by batch. A Parquet file cannot be continued once it has been closed: it ends
with an index of all that is in it.
"""

import hashlib
import importlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from service.errors import quote
from service.files.errors import FileError
from service.files.rows import Row, Rows, as_cell, check_names, text_column

_BATCH = 1024  # rows read at a time


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise FileError(
            'Parquet needs pyarrow, which is not installed; pip install "pyarrow>=21", or use '
            "CSV or JSON lines"
        ) from error


class ParquetSource:
    """A Parquet file that is being read."""

    def __init__(self, path: Path) -> None:
        """Raises FileError for what is no Parquet file."""
        self._errors = (_module("pyarrow").ArrowException, OSError)
        try:
            self.file = _module("pyarrow.parquet").ParquetFile(path)
        except self._errors as error:
            raise FileError(f"{path} cannot be read as Parquet: {error}") from None
        self.name = str(path)
        self._digest = hashlib.sha256()
        self._read = 0  # rows

    def batches(self) -> Iterator[Any]:
        """The file's rows, as pyarrow's record batches."""
        try:
            yield from self.file.iter_batches(batch_size=_BATCH)
        except self._errors as error:
            raise FileError(f"{self.name} is damaged after row {self._read:,}: {error}") from None

    def count(self, value: object) -> int:
        """Take note of the next row's text; returns the row's number, from 1."""
        self._read += 1
        self._digest.update(repr(value).encode())
        return self._read

    def ready(self) -> bool:
        """A file never has to be waited for."""
        return True

    def fingerprint(self) -> str:
        """A digest of the texts so far."""
        return self._digest.hexdigest()

    def share(self) -> float | None:
        """How much of the file has been read, 0 to 1."""
        rows = self.file.metadata.num_rows
        return self._read / rows if rows else None

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def read_parquet(path: Path, column: str | None, values: bool) -> Rows:
    """The rows of a Parquet file.

    column: that of the texts. values: whether rows need their values, as any format but Parquet
    does. Raises FileError.
    """
    source = ParquetSource(path)
    columns = tuple(source.file.schema_arrow.names)
    check_names(str(path), columns)
    wanted = text_column(str(path), columns, column)
    return Rows(source, columns, _rows(source, wanted, values))


def _rows(source: ParquetSource, column: str, values: bool) -> Iterator[Row]:
    for batch in source.batches():
        texts = batch.column(column).to_pylist()
        records = batch.to_pylist() if values else [{}] * len(texts)
        for index, (text, record) in enumerate(zip(texts, records, strict=True)):
            row = Row(f"row {source.count(text)}", values=record, original=(batch, index))
            if isinstance(text, str):
                row.text = text
            else:
                kind = "null" if text is None else type(text).__name__
                row.problem = f"{quote(column)} is {kind}; expected a text"
            yield row


class ParquetTable:
    """A Parquet file that is being written, in place."""

    def __init__(self, path: Path, rows: Rows, answers: Sequence[tuple[str, type]]) -> None:
        """rows: the input, whose columns are kept; answers: the columns added, str or float.

        Raises FileError.
        """
        arrow = _module("pyarrow")
        types = {str: arrow.string(), float: arrow.float64()}
        added = [arrow.field(name, types[kind]) for name, kind in answers]
        if isinstance(rows.source, ParquetSource):
            schema = rows.source.file.schema_arrow
        else:
            schema = arrow.schema([arrow.field(name, arrow.string()) for name in rows.columns])
        self._arrow = arrow
        self._schema = schema
        self._added = arrow.schema(added)
        full = arrow.schema([*schema, *added], metadata=schema.metadata)
        self._writer = _module("pyarrow.parquet").ParquetWriter(path, full)
        self._full = full

    def write(self, rows: Sequence[Row], answers: Sequence[Sequence[object] | None]) -> None:
        """Rows with their answers, as one row group."""
        if not rows:
            return
        names = self._added.names
        columns = zip(*(some or [None] * len(names) for some in answers), strict=True)
        added = [
            self._arrow.array(values, field.type)
            for values, field in zip(columns, self._added, strict=True)
        ]
        kept = self._arrow.concat_tables(list(self._kept(rows))).combine_chunks()
        arrays = [*kept.columns, *added]
        self._writer.write_table(self._arrow.table(arrays, schema=self._full))

    def close(self) -> None:
        """Write the index, without which the file cannot be read."""
        self._writer.close()

    def _kept(self, rows: Sequence[Row]) -> Iterator[Any]:
        """What the input has of rows, as tables."""
        for _, group in groupby(rows, key=lambda row: id(_batch_of(row))):
            some = list(group)
            batch = _batch_of(some[0])
            if batch is None:
                records = [self._as_texts(row) for row in some]
                yield self._arrow.Table.from_pylist(records, schema=self._schema)
            else:
                indices = [row.original[1] for row in some]  # type: ignore[index]
                table = self._arrow.Table.from_batches([batch], schema=self._schema)
                yield table.take(indices)

    def _as_texts(self, row: Row) -> dict[str, str | None]:
        values = ((name, row.values.get(name)) for name in self._schema.names)
        return {name: None if value is None else as_cell(value) for name, value in values}


def _batch_of(row: Row) -> Any:
    return row.original[0] if isinstance(row.original, tuple) else None
