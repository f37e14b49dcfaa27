# docker build -t delayed-daemon .
# docker run -e DATABASE_URL=postgresql://… -v ./app:/app delayed-daemon start --app app.jobs --workers 4
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY delayed_daemon delayed_daemon
RUN python -m venv /opt/delayed-daemon \
 && /opt/delayed-daemon/bin/pip install --no-cache-dir '.[binary]'

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin delayed-daemon
COPY --from=build /opt/delayed-daemon /opt/delayed-daemon
ENV PATH=/opt/delayed-daemon/bin:$PATH PYTHONUNBUFFERED=1 DELAYED_DAEMON_LOG_FORMAT=json
WORKDIR /app
USER 10001
STOPSIGNAL SIGTERM
# The supervisor reaps orphans and forwards signals itself: no init is needed around it.
ENTRYPOINT ["delayed-daemon"]
CMD ["start"]
