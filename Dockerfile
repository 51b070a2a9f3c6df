# The service and the models of this checkout, without a compiler, pip or a training framework.
ARG PYTHON_VERSION=3.12

FROM python:${PYTHON_VERSION}-slim AS build
COPY requirements/serve.txt /build/
# The base's own pip fills an environment that has none. Wheels only: nothing is compiled here.
RUN python -m venv --without-pip /opt/gatehouse \
 && pip --python /opt/gatehouse/bin/python --disable-pip-version-check install --no-cache-dir --no-compile \
      --only-binary :all: --require-hashes --requirement /build/serve.txt \
 && cd /opt/gatehouse/lib/python3*/site-packages \
 && rm -rf onnxruntime/quantization onnxruntime/tools onnxruntime/transformers \
 && rm -f selectolax/*.c \
 && find . -name tests -type d -prune -exec rm -rf {} +
WORKDIR /srv/gatehouse
COPY LICENSE ./
COPY models/ models/
COPY service/ service/
# Compiled now, because the root file system may be read-only later; checked by nobody, because
# nothing changes any more. The modes hold whatever the umask of the checkout was.
RUN python -m compileall -q --invalidation-mode unchecked-hash /opt/gatehouse/lib service \
 && chmod -R u=rwX,go=rX .

FROM python:${PYTHON_VERSION}-slim
LABEL org.opencontainers.image.title="gatehouse" \
      org.opencontainers.image.description="Recurrent text models served over HTTP: sentiment and translation" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/gatehouse /opt/gatehouse
COPY --from=build /srv/gatehouse /srv/gatehouse
ENV PATH=/opt/gatehouse/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ORT_DISABLE_TELEMETRY=1 \
    GATEHOUSE_MODELS=/srv/gatehouse/models \
    GATEHOUSE_HOST=0.0.0.0 \
    PORT=8000
WORKDIR /srv/gatehouse
# By number, so that a platform can see that it is not root.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# GATEHOUSE_PORT wins over PORT, as in the service itself. http.client asks no proxy.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import http.client, os, sys; port = os.environ.get('GATEHOUSE_PORT') or os.environ.get('PORT') or 8000; connection = http.client.HTTPConnection('127.0.0.1', int(port), timeout=4); connection.request('GET', '/health/ready'); sys.exit(connection.getresponse().status != 200)"]
CMD ["python", "-m", "service", "serve"]
