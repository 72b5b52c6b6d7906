{{#frontend}}
# syntax=docker/dockerfile:1
# Written by: {{command}}
# Built from the checkout: docker build -f {{own}}frontend.Dockerfile .

FROM node:22-slim AS build
WORKDIR /frontend
{{#corepack}}
RUN corepack enable
{{/corepack}}
{{#args}}
ARG {{name}}
{{/args}}
COPY {{folder}}/ ./
RUN {{installFrontend}}
RUN {{manager}} run build

FROM nginxinc/nginx-unprivileged:1.28-alpine
COPY {{own}}frontend.conf /etc/nginx/conf.d/default.conf
COPY --from=build /frontend/{{output}}/ /usr/share/nginx/html/
EXPOSE 8080
{{/frontend}}
