# One image; the command says which part runs: `docker run campaign-bot run`, `... campaign-bot status`.
# /data holds the installation, /key its key: two volumes, so that a copy of the data alone opens nothing.

FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements-run.lock requirements-build.lock ./
RUN python -m venv --without-pip /opt/campaign \
 && pip --python /opt/campaign/bin/python install --no-cache-dir --require-hashes --only-binary :all: -r requirements-run.lock \
 && pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements-build.lock
COPY pyproject.toml README.md ./
COPY campaign campaign
RUN pip wheel --no-deps --no-build-isolation --no-cache-dir --wheel-dir /wheels . \
 && pip --python /opt/campaign/bin/python install --no-deps --no-cache-dir /wheels/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin campaign \
 && install -d -o campaign -g campaign -m 0700 /data /key
COPY --from=build /opt/campaign /opt/campaign
ENV PATH=/opt/campaign/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CAMPAIGN_HOME=/data/home \
    CAMPAIGN_KEY_FILE=/key/campaign.key
VOLUME ["/data", "/key"]
WORKDIR /data
USER 10001:10001
EXPOSE 8484
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8484, timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["campaign"]
CMD ["run"]
