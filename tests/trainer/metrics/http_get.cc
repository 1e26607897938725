#include "tests/trainer/metrics/http_get.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace dqnd {

std::string HttpGet(int port, const std::string& path) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (write(connection, request.data(), request.size()) > 0) {
      std::array<char, 4096> block;
      for (ssize_t count; (count = read(connection, block.data(), block.size())) > 0;) {
        answer.append(block.data(), static_cast<size_t>(count));
      }
    }
  }
  close(connection);
  return answer;
}

}  // namespace dqnd
