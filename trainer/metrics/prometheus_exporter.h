#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "trainer/metrics/scalar.h"

namespace prometheus {
class Exposer;
class Gauge;
class Registry;
}  // namespace prometheus

namespace dqnd {

// Serves the latest value of each scalar to Prometheus, under http://HOST:PORT/metrics, as gauges
// named dqnd_ and the tag with "_" for all but letters and digits (dqnd_rollout_ep_rew_mean), and
// the progress of the run as dqnd_env_steps.
//
// The server has threads of its own, which only read the gauges; the gauges lock themselves. Set
// belongs to one thread, the owner's. The destructor may take 2 seconds, since the server's own thread
// looks up no more often.
class PrometheusExporter {
 public:
  // Listens on `address`, "HOST:PORT" or "[IPV6]:PORT"; port 0 takes a free one. Throws
  // std::invalid_argument when the address is none, std::runtime_error when it cannot be listened
  // on (in use, or not this machine's).
  explicit PrometheusExporter(const std::string& address);
  ~PrometheusExporter();

  void Set(int64_t env_steps, std::span<const Scalar> scalars);

  // The port that is listened on.
  int port() const;

 private:
  prometheus::Gauge& GaugeOf(const std::string& name, const std::string& help);

  const std::shared_ptr<prometheus::Registry> registry_;
  std::unique_ptr<prometheus::Exposer> server_;
  // Owned by the thread that calls Set; the gauges themselves belong to registry_.
  std::map<std::string, prometheus::Gauge*> gauges_;
};

}  // namespace dqnd
