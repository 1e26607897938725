#pragma once

#include <string>

namespace dqnd {

// What a server on this machine answers to GET `path`, headers included; empty when nothing
// listens.
std::string HttpGet(int port, const std::string& path);

}  // namespace dqnd
