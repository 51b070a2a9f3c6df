"""uvicorn's HTTP protocol, with its one answer that no app sees in the one shape of errors.

uvicorn answers bytes that are no HTTP by itself, in plain text.
"""

import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class JsonErrorsProtocol(HttpToolsProtocol):
    """Answers malformed HTTP with {"error": ...}."""

    def send_400_response(self, msg: str) -> None:
        """Writes the whole answer and closes the connection."""
        body = json.dumps({"error": f"{msg} Send HTTP/1.1, such as GET /health/live"}).encode()
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body)
        )
        self.transport.close()
