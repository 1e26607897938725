#include "trainer/metrics/prometheus_exporter.h"

#include <fmt/format.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace dqnd {
namespace {

constexpr int kLargestPort = 65535;
// Two, so that one client that reads slowly does not keep out the next.
constexpr const char* kServerThreads = "2";

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The server would take a list and suffixes ("80,443s"); an address here is exactly one.
void RequireAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  const std::string_view host = std::string_view(address).substr(0, colon);
  const std::string_view port =
      std::string_view(address).substr(colon == std::string::npos ? address.size() : colon + 1);
  int number = -1;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool is_port = error == std::errc() && end == port.data() + port.size() && number >= 0 &&
                       number <= kLargestPort;
  const bool is_host = !host.empty() && host.find_first_of(", +") == std::string_view::npos;
  if (!is_port || !is_host) {
    throw std::invalid_argument(fmt::format(
        "metrics.prometheus is \"{}\", but HOST:PORT with a port from 0 to {} is wanted, such as "
        "127.0.0.1:9090",
        address, kLargestPort));
  }
}

std::unique_ptr<prometheus::Exposer> Listen(const std::string& address) {
  RequireAddress(address);
  try {
    return std::make_unique<prometheus::Exposer>(
        std::vector<std::string>{"listening_ports", address, "num_threads", kServerThreads});
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format(
        "cannot serve Prometheus metrics on {}: the port is in use or the host is not this machine "
        "({}); choose another address in metrics.prometheus, port 0 takes a free one",
        address, error.what()));
  }
}

std::string GaugeName(std::string_view tag) {
  std::string name = "dqnd_";
  for (const char c : tag) name += IsLetterOrDigit(c) ? c : '_';
  return name;
}

}  // namespace

PrometheusExporter::PrometheusExporter(const std::string& address)
    : registry_(std::make_shared<prometheus::Registry>()), server_(Listen(address)) {
  server_->RegisterCollectable(registry_);
}

PrometheusExporter::~PrometheusExporter() = default;

void PrometheusExporter::Set(int64_t env_steps, std::span<const Scalar> scalars) {
  GaugeOf("dqnd_env_steps", "env_steps of the run so far").Set(static_cast<double>(env_steps));
  for (const Scalar& scalar : scalars) {
    if (std::isnan(scalar.value)) continue;
    GaugeOf(GaugeName(scalar.tag), std::string(scalar.tag)).Set(scalar.value);
  }
}

int PrometheusExporter::port() const {
  return server_->GetListeningPorts().at(0);
}

prometheus::Gauge& PrometheusExporter::GaugeOf(const std::string& name, const std::string& help) {
  prometheus::Gauge*& gauge = gauges_[name];
  if (gauge == nullptr) {
    gauge = &prometheus::BuildGauge().Name(name).Help(help).Register(*registry_).Add({});
  }
  return *gauge;
}

}  // namespace dqnd
