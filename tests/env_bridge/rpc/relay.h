#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "tests/env_bridge/rpc/plain_socket.h"

namespace dqnd {

// A cable between one client and a server on loopback that can be cut without either hearing of it:
// from then on nothing passes, and both connections stay open.
class Relay {
 public:
  // `target`: HOST:PORT of the server.
  explicit Relay(const std::string& target)
      : target_(target), thread_([this](const std::stop_token& stop) { Run(stop); }) {}

  ~Relay() {
    thread_.request_stop();
    thread_.join();
  }

  // What the client connects to; HOST:PORT.
  std::string address() const { return "127.0.0.1:" + std::to_string(listener_.port()); }

  void Cut() { cut_ = true; }

  // Whether the server has closed its connection.
  bool server_hung_up() const { return server_hung_up_; }

 private:
  void Run(const std::stop_token& stop) {
    while (!stop.stop_requested() && !listener_.IsReadable()) {
    }
    if (stop.stop_requested()) return;
    const PlainSocket client = listener_.Accept();
    const PlainSocket server = PlainSocket::Connected(target_);
    while (!stop.stop_requested()) {
      if (cut_) {
        // What the server sent before it hung up is read and thrown away.
        if (!server_hung_up_ && server.IsReadable()) server_hung_up_ = !Receive(server);
        continue;
      }
      if (client.IsReadable() && Receive(client)) server.Send(received_);
      if (server.IsReadable() && Receive(server)) client.Send(received_);
    }
  }

  // False at the connection's end.
  bool Receive(const PlainSocket& from) {
    received_ = from.Receive();
    return !received_.empty();
  }

  const std::string target_;
  PlainListener listener_;
  std::string received_;
  std::atomic<bool> cut_ = false;
  std::atomic<bool> server_hung_up_ = false;
  std::jthread thread_;
};

}  // namespace dqnd
