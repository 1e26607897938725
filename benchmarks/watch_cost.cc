// What being watched costs a run that trains: `watch_cost RUN_DIRECTORY PID ROUNDS CYCLES`.
//
// Pauses the run, and then has it play CYCLES cycles at a time, in turns with no stream, with one
// and with ten that read and discard 60 moments a second, and at last with none. Prints a line of
// JSON a turn: streams, the processor time of the training thread (the process's first) and the
// wall time, both in seconds per 1,000 cycles. benchmarks/watch.py runs it and sums up.

#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "dqnd/v1/run.grpc.pb.h"
#include "dqnd/v1/stream.grpc.pb.h"

namespace {

using dqnd::v1::RunService;
using dqnd::v1::StreamService;

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) throw std::runtime_error("cannot read " + path);
  return line;
}

class Daemon {
 public:
  explicit Daemon(const std::string& run)
      : target_(FirstLine(run + "/address").substr(std::string("dqnd://").size())),
        token_(FirstLine(run + "/access/control_token")),
        runs_(RunService::NewStub(Connect())) {}

  std::shared_ptr<grpc::Channel> Connect() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(target_, grpc::InsecureChannelCredentials(), arguments);
  }

  void Authorize(grpc::ClientContext& context) const {
    context.AddMetadata("authorization", "Bearer " + token_);
  }

  void Pause() const {
    grpc::ClientContext context;
    Authorize(context);
    dqnd::v1::PauseResponse response;
    Check(runs_->Pause(&context, {}, &response));
  }

  void Step(int64_t cycles) const {
    grpc::ClientContext context;
    Authorize(context);
    dqnd::v1::StepRequest request;
    request.set_cycles(cycles);
    dqnd::v1::StepResponse response;
    Check(runs_->Step(&context, request, &response));
  }

 private:
  static void Check(const grpc::Status& status) {
    if (!status.ok()) throw std::runtime_error(status.error_message());
  }

  const std::string target_;
  const std::string token_;
  const std::unique_ptr<RunService::Stub> runs_;
};

// Reads and discards, until it is destroyed.
class Viewer {
 public:
  explicit Viewer(const Daemon& daemon) : stub_(StreamService::NewStub(daemon.Connect())) {
    daemon.Authorize(context_);
    dqnd::v1::WatchRequest request;
    request.set_moments_per_second(60);
    stream_ = stub_->Watch(&context_, request);
    dqnd::v1::WatchResponse first;
    if (!stream_->Read(&first)) throw std::runtime_error(stream_->Finish().error_message());
    thread_ = std::jthread([this] {
      dqnd::v1::WatchResponse response;
      while (stream_->Read(&response)) {
      }
    });
  }
  ~Viewer() { context_.TryCancel(); }

 private:
  const std::unique_ptr<StreamService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<dqnd::v1::WatchResponse>> stream_;
  std::jthread thread_;
};

// Of the process's first thread, so far.
double ProcessorSeconds(const std::string& pid) {
  return std::stod(FirstLine("/proc/" + pid + "/task/" + pid + "/schedstat")) / 1e9;
}

void Measure(const Daemon& daemon, const std::string& pid, int streams, int64_t cycles) {
  std::vector<std::unique_ptr<Viewer>> viewers;
  viewers.reserve(streams);
  for (int i = 0; i < streams; ++i) viewers.push_back(std::make_unique<Viewer>(daemon));
  daemon.Step(cycles / 10);  // what begins with the viewers is not counted
  const auto began = std::chrono::steady_clock::now();
  const double processor_began = ProcessorSeconds(pid);
  daemon.Step(cycles);
  const double processor = ProcessorSeconds(pid) - processor_began;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
  const double thousands = static_cast<double>(cycles) / 1000;
  std::cout << fmt::format("{{\"streams\": {}, \"processor\": {:.6f}, \"wall\": {:.6f}}}", streams,
                           processor / thousands, wall.count() / thousands)
            << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: watch_cost RUN_DIRECTORY PID ROUNDS CYCLES\n";
    return 2;
  }
  try {
    const Daemon daemon(argv[1]);
    daemon.Pause();
    for (int round = 0; round < std::stoi(argv[3]); ++round) {
      for (const int streams : {0, 1, 10}) Measure(daemon, argv[2], streams, std::stoll(argv[4]));
    }
    Measure(daemon, argv[2], 0, std::stoll(argv[4]));
  } catch (const std::exception& error) {
    std::cerr << "watch_cost: " << error.what() << "\n";
    return 1;
  }
}
