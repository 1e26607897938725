#include "viewer/client/server_probe.h"

#include <errno.h>
#include <fmt/format.h>
#include <netdb.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "viewer/client/connection_error.h"

namespace dqnd {
namespace {

using Kind = ConnectionError::Kind;
using Clock = std::chrono::steady_clock;

// How often a socket that is not ready is asked again.
constexpr std::chrono::milliseconds kPollInterval(3);

template <auto free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using SslContext = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Freer<SSL_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

// Until when an attempt may take, and whether it is still wanted.
class Patience {
 public:
  Patience(const Address& address, std::chrono::milliseconds timeout, const std::stop_token& stop)
      : place_(address.Place()), timeout_(timeout), end_(Clock::now() + timeout), stop_(stop) {}

  // An equal share of what is left, for one of `parts` attempts.
  Patience(const Patience& whole, size_t parts)
      : place_(whole.place_),
        timeout_(whole.timeout_),
        end_(Clock::now() + (whole.end_ - Clock::now()) / static_cast<int64_t>(parts)),
        stop_(whole.stop_) {}

  // Waits for `done` to become true, or a moment. Throws ConnectionError when patience is at its
  // end. REQUIRES: `lock` is locked.
  template <typename Done>
  void Wait(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock,
            Clock::time_point until, Done done) {
    changed.wait_until(lock, stop_, std::min(until, end_), done);
    Check();
  }
  void WaitAMoment() {
    std::unique_lock lock(mutex_);
    Wait(never_, lock, Clock::now() + kPollInterval, [] { return false; });
  }
  Clock::time_point end() const { return end_; }

 private:
  void Check() const {
    if (stop_.stop_requested()) throw ConnectionError(Kind::kCancelled, "given up");
    if (Clock::now() < end_) return;
    throw ConnectionError(
        Kind::kTimeout,
        fmt::format("{} does not answer within {:g} s: check host, port and firewalls", place_,
                    std::chrono::duration<double>(timeout_).count()));
  }

  const std::string place_;
  const std::chrono::milliseconds timeout_;
  const Clock::time_point end_;
  const std::stop_token stop_;
  std::mutex mutex_;
  std::condition_variable_any never_;
};

// What a thread that asks for a host's numbers leaves behind.
struct Resolution {
  std::mutex mutex;
  std::condition_variable_any changed;
  // Guarded by mutex.
  bool done = false;
  std::vector<std::string> ips;
};

// By the C library, which a program may leave while it is asked: OpenSSL's own look-up would use
// locks that the end of the program has destroyed.
std::vector<std::string> LookUp(const Address& address) {
  addrinfo wanted = {};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  if (::getaddrinfo(address.host.c_str(), nullptr, &wanted, &first) != 0) return {};
  std::vector<std::string> ips;
  for (const addrinfo* each = first; each != nullptr; each = each->ai_next) {
    char ip[NI_MAXHOST];
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, ip, sizeof ip, nullptr, 0, NI_NUMERICHOST) ==
        0) {
      ips.emplace_back(ip);
    }
  }
  ::freeaddrinfo(first);
  return ips;
}

// A name server that does not answer would hold its caller for many seconds, and nothing interrupts
// it: so a thread of its own asks, and is left alone when nobody waits any more.
std::vector<std::string> Resolve(const Address& address, Patience& patience) {
  const auto resolution = std::make_shared<Resolution>();
  std::thread([resolution, address] {
    std::vector<std::string> ips = LookUp(address);
    const std::lock_guard lock(resolution->mutex);
    resolution->ips = std::move(ips);
    resolution->done = true;
    resolution->changed.notify_all();
  }).detach();
  std::unique_lock lock(resolution->mutex);
  patience.Wait(resolution->changed, lock, patience.end(), [&] { return resolution->done; });
  if (resolution->ips.empty()) {
    throw ConnectionError(
        Kind::kNameNotFound,
        fmt::format("there is no host \"{}\": check the name, or give its number", address.host));
  }
  return resolution->ips;
}

// Waits until a connection that was begun is made; the error that it met, 0 for none.
int FinishConnecting(int socket, Patience& patience) {
  pollfd writable{.fd = socket, .events = POLLOUT, .revents = 0};
  while (::poll(&writable, 1, 0) == 0) patience.WaitAMoment();
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

// A TCP connection to one numeric address. Throws ConnectionError. Not by BIO_do_connect: that of
// OpenSSL 3.0 spins until there is an answer, whatever it was told of blocking.
Bio ConnectTcp(const Address& address, const std::string& ip, Patience& patience) {
  addrinfo wanted = {};
  wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  ::getaddrinfo(ip.c_str(), std::to_string(address.port).c_str(), &wanted, &found);
  const std::unique_ptr<addrinfo, Freer<::freeaddrinfo>> target(found);
  if (target == nullptr) throw ConnectionError(Kind::kNameNotFound, ip + " is no address");
  const int socket = ::socket(target->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int error = socket < 0 ? errno : 0;
  Bio bio(BIO_new_socket(socket, BIO_CLOSE));
  if (error == 0 && ::connect(socket, target->ai_addr, target->ai_addrlen) != 0) error = errno;
  if (error == EINPROGRESS) error = FinishConnecting(socket, patience);
  if (error == 0) return bio;
  if (error == ECONNREFUSED) {
    throw ConnectionError(
        Kind::kRefused,
        fmt::format("{} refused the connection: no daemon listens there", address.Place()));
  }
  throw ConnectionError(Kind::kLost, fmt::format("{} cannot be reached: {}", address.Place(),
                                                 std::generic_category().message(error)));
}

// The first address that takes the connection; otherwise the error of the last.
std::pair<Bio, std::string> ConnectToAny(const Address& address, Patience& patience) {
  const std::vector<std::string> ips = Resolve(address, patience);
  for (size_t i = 0;; ++i) {
    try {
      Patience share(patience, ips.size() - i);
      return {ConnectTcp(address, ips[i], share), ips[i]};
    } catch (const ConnectionError& error) {
      const bool another = error.kind() == Kind::kRefused || error.kind() == Kind::kLost ||
                           error.kind() == Kind::kTimeout;
      if (!another || i + 1 == ips.size()) throw;
    }
  }
}

std::string Fingerprint(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  X509_digest(certificate, EVP_sha256(), digest, &size);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string Pem(X509* certificate) {
  const Bio memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory.get(), certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string DnsName(const X509* certificate) {
  std::string name;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names) && name.empty(); ++i) {
    const GENERAL_NAME* each = sk_GENERAL_NAME_value(names, i);
    if (each->type != GEN_DNS) continue;
    name.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(each->d.dNSName)),
                static_cast<size_t>(ASN1_STRING_length(each->d.dNSName)));
  }
  GENERAL_NAMES_free(names);
  return name;
}

std::string Date(const ASN1_TIME* time) {
  std::tm parts = {};
  ASN1_TIME_to_tm(time, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

ServerCertificate Describe(const Address& address, X509* certificate) {
  const ASN1_TIME* end = X509_get0_notAfter(certificate);
  const ASN1_TIME* begin = X509_get0_notBefore(certificate);
  if (X509_cmp_current_time(end) < 0) {
    throw ConnectionError(
        Kind::kExpired,
        fmt::format("the certificate of {} expired on {}: make another with dqnd cert and restart "
                    "the daemon",
                    address.Place(), Date(end)),
        Fingerprint(certificate));
  }
  if (X509_cmp_current_time(begin) > 0) {
    throw ConnectionError(
        Kind::kExpired,
        fmt::format("the certificate of {} is valid from {} on: check the clocks of both machines",
                    address.Place(), Date(begin)),
        Fingerprint(certificate));
  }
  return {Fingerprint(certificate), Pem(certificate), DnsName(certificate)};
}

}  // namespace

ProbedServer ProbeServer(const Address& address, std::chrono::milliseconds timeout,
                         const std::stop_token& stop) {
  Patience patience(address, timeout, stop);
  auto [bio, ip] = ConnectToAny(address, patience);

  const SslContext context(SSL_CTX_new(TLS_client_method()));
  // The certificate is compared with a fingerprint, not with authorities.
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  static constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), kHttp2, sizeof kHttp2);
  const Ssl ssl(SSL_new(context.get()));
  SSL_set_tlsext_host_name(ssl.get(), "dqnd");
  BIO* raw = bio.release();
  SSL_set_bio(ssl.get(), raw, raw);  // takes ownership

  while (true) {
    const int result = SSL_connect(ssl.get());
    if (result == 1) break;
    const int error = SSL_get_error(ssl.get(), result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
      patience.WaitAMoment();
      continue;
    }
    const int reason = ERR_GET_REASON(ERR_peek_error());
    ERR_clear_error();
    // What a server's first words look like to TLS when they are HTTP/2's.
    if (error == SSL_ERROR_SSL && reason == SSL_R_WRONG_VERSION_NUMBER) return {ip, std::nullopt};
    throw ConnectionError(
        Kind::kLost, fmt::format("{} closed the connection in the middle of its first words: no "
                                 "daemon listens there, or it takes no more clients",
                                 address.Place()));
  }
  const Certificate certificate(SSL_get1_peer_certificate(ssl.get()));
  if (certificate == nullptr) {
    throw ConnectionError(
        Kind::kOtherContract,
        fmt::format("{} speaks TLS without a certificate: no daemon does", address.Place()));
  }
  ProbedServer server{ip, Describe(address, certificate.get())};
  SSL_shutdown(ssl.get());
  return server;
}

}  // namespace dqnd
