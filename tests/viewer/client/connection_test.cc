#include "viewer/client/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>

#include "tests/base/temporary_folder.h"
#include "tests/viewer/fake_daemon.h"
#include "viewer/client/handshake.h"

namespace dqnd {
namespace {

using Kind = ConnectionError::Kind;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Connects and shakes hands; the error that this brings.
std::optional<ConnectionError> Attempt(const Address& address,
                                       const ConnectionOptions& options = {}) {
  try {
    Connection connection(address, options);
    connection.GetRun();
  } catch (const ConnectionError& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    return error;
  }
  return std::nullopt;
}

#define EXPECT_FAILS(attempt, its_kind, text)             \
  do {                                                    \
    const std::optional<ConnectionError> error = attempt; \
    ASSERT_TRUE(error.has_value()) << "it worked";        \
    EXPECT_EQ(error->kind(), its_kind) << error->what();  \
    EXPECT_THAT(error->what(), text);                     \
  } while (false)

int NewSocket(int type) {
  const int socket = ::socket(AF_INET, type, 0);
  if (socket < 0) std::abort();
  return socket;
}

// A server that listens on loopback and never says a word.
class SilentServer {
 public:
  explicit SilentServer(int backlog = 8) : socket_(NewSocket(SOCK_STREAM)) {
    sockaddr_in any = {};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof any;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&any), size), 0);
    EXPECT_EQ(::listen(socket_, backlog), 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&any), &size);
    port_ = ntohs(any.sin_port);
  }
  ~SilentServer() { Close(); }
  void Close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  Address address() const { return ParseAddress("127.0.0.1:" + std::to_string(port_)); }

 private:
  int socket_;
  int port_ = 0;
};

// Begins a connection, and does not wait for it.
class SilentClient {
 public:
  explicit SilentClient(const Address& address) : socket_(NewSocket(SOCK_STREAM | SOCK_NONBLOCK)) {
    sockaddr_in server = {};
    server.sin_family = AF_INET;
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.sin_port = htons(static_cast<uint16_t>(address.port));
    const int result = ::connect(socket_, reinterpret_cast<sockaddr*>(&server), sizeof server);
    EXPECT_TRUE(result == 0 || errno == EINPROGRESS);
  }
  ~SilentClient() { ::close(socket_); }
  SilentClient(const SilentClient&) = delete;
  SilentClient& operator=(const SilentClient&) = delete;

 private:
  int socket_;
};

TEST(Connection, ReachesADaemonInPlainTextOverTlsAndOverASocket) {
  const TemporaryFolder folder;
  FakeDaemon plain;
  FakeDaemon tls({.control_token = "t", .tls = true});
  FakeDaemon local({.unix_path = (folder.path() / "s").string()});
  for (const FakeDaemon* daemon : {&plain, &tls, &local}) {
    Connection connection(daemon->address());
    EXPECT_EQ(connection.GetRun().description().name(), "breakout");
    EXPECT_TRUE(connection.GetRun().may_control());
  }
}

TEST(Connection, ControlsTheRun) {
  FakeDaemon daemon;
  Connection connection(daemon.address());
  EXPECT_EQ(connection.Pause().state().phase(), v1::RUN_PHASE_PAUSED);
  EXPECT_EQ(connection.Step(3).state().phase(), v1::RUN_PHASE_PAUSED);
  EXPECT_EQ(connection.Resume().state().phase(), v1::RUN_PHASE_TRAINING);
  EXPECT_EQ(connection.Checkpoint().checkpoint().env_steps(), 250'000);
  EXPECT_EQ(connection.Stop().state().phase(), v1::RUN_PHASE_STOPPING);
  EXPECT_THAT(daemon.calls(), ElementsAre("Pause", "Step 3", "Resume", "Checkpoint", "Stop"));
}

TEST(Connection, WhatTheDaemonDeclinesComesInItsOwnWords) {
  FakeDaemon daemon;
  Connection connection(daemon.address());
  try {
    connection.Step(1);
    FAIL() << "no error";
  } catch (const ConnectionError& error) {
    EXPECT_EQ(error.kind(), Kind::kRejected);
    EXPECT_STREQ(error.what(), "the run is not paused: pause it first");
  }
}

TEST(Connection, SaysThatTheNameIsUnknown) {
  EXPECT_FAILS(Attempt(ParseAddress("no-such-host.invalid:1")), Kind::kNameNotFound,
               HasSubstr("no-such-host.invalid"));
}

TEST(Connection, SaysThatNobodyListens) {
  SilentServer server;
  const Address address = server.address();
  server.Close();
  EXPECT_FAILS(Attempt(address), Kind::kRefused, HasSubstr("no daemon listens there"));
  EXPECT_FAILS(Attempt(ParseAddress("unix:/no/such/socket")), Kind::kRefused,
               HasSubstr("/no/such/socket"));
}

TEST(Connection, SaysThatNobodyAnswers) {
  const SilentServer server;
  EXPECT_FAILS(Attempt(server.address(), {.connect_timeout = std::chrono::milliseconds(50)}),
               Kind::kTimeout, HasSubstr("0.05 s"));
}

// A firewall that drops packets looks like this: the kernel leaves a full server's callers without
// an answer.
TEST(Connection, SaysThatNobodyAnswersAtAll) {
  const SilentServer server(/*backlog=*/0);
  const Address address = server.address();
  const SilentClient first(address), second(address), third(address), fourth(address);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FAILS(Attempt(address, {.connect_timeout = std::chrono::milliseconds(200)}),
               Kind::kTimeout, HasSubstr("check host, port and firewalls"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

TEST(Connection, SaysThatACallTakesTooLong) {
  FakeDaemon daemon({.delay = std::chrono::seconds(30)});
  EXPECT_FAILS(Attempt(daemon.address(), {.call_timeout = std::chrono::milliseconds(50)}),
               Kind::kTimeout, HasSubstr("did not answer in time"));
}

TEST(Connection, SendsNothingToPlainTextWhereTlsWasPromised) {
  FakeDaemon daemon({.control_token = "t"});
  Address address = daemon.address();
  address.fingerprint = std::string(64, 'a');
  EXPECT_FAILS(Attempt(address), Kind::kPlainText, HasSubstr("nothing was sent"));
  EXPECT_THAT(daemon.calls(), IsEmpty());
}

TEST(Connection, ShowsTheFingerprintOfATlsServerThatNobodyConfirmed) {
  FakeDaemon daemon({.control_token = "t", .tls = true});
  Address address = daemon.address();
  address.fingerprint.clear();
  const std::optional<ConnectionError> error = Attempt(address);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), Kind::kUnconfirmedCertificate);
  EXPECT_EQ(error->fingerprint(), daemon.fingerprint());
  EXPECT_THAT(daemon.calls(), IsEmpty());
}

TEST(Connection, RefusesAnotherCertificateAndNamesBoth) {
  FakeDaemon daemon({.control_token = "t", .tls = true});
  Address address = daemon.address();
  address.fingerprint = std::string(64, 'a');
  EXPECT_FAILS(Attempt(address), Kind::kOtherCertificate,
               AllOf(HasSubstr(daemon.fingerprint()), HasSubstr(address.fingerprint)));
  EXPECT_THAT(daemon.calls(), IsEmpty());
}

TEST(Connection, RefusesAnExpiredCertificateAndSaysTheDate) {
  FakeDaemon daemon({.control_token = "t", .tls = true, .valid_for = std::chrono::hours(-24)});
  EXPECT_FAILS(Attempt(daemon.address()), Kind::kExpired, HasSubstr("expired on 20"));
}

TEST(Connection, SaysThatATokenIsMissingOrWrongWithoutRepeatingIt) {
  FakeDaemon daemon({.control_token = "right"});
  Address address = daemon.address();
  address.token.clear();
  EXPECT_FAILS(Attempt(address), Kind::kUnauthenticated, HasSubstr("wants a token"));
  address.token = "mistaken";
  EXPECT_FAILS(Attempt(address), Kind::kUnauthenticated,
               AllOf(HasSubstr("does not know this token"), Not(HasSubstr("mistaken"))));
}

TEST(Connection, AReadOnlyTokenLooksButDoesNotControl) {
  FakeDaemon daemon({.control_token = "c", .read_only_token = "r"});
  Address address = daemon.address();
  address.token = "r";
  Connection connection(address);
  EXPECT_FALSE(connection.GetRun().may_control());
  try {
    connection.Pause();
    FAIL() << "no error";
  } catch (const ConnectionError& error) {
    EXPECT_EQ(error.kind(), Kind::kReadOnly);
    EXPECT_THAT(error.what(), HasSubstr("access/control_token"));
  }
}

TEST(Connection, SaysThatAServerIsNoDaemonOfThisContract) {
  FakeDaemon daemon({.is_other_service = true});
  EXPECT_FAILS(Attempt(daemon.address()), Kind::kOtherContract, HasSubstr("dqnd.v1, revision 1"));
}

TEST(Connection, IsGivenUpPromptlyWhileItIsMade) {
  const SilentServer server;
  std::stop_source stop;
  std::optional<Kind> kind;
  std::thread connecting([&] {
    try {
      Connection connection(server.address(), {.connect_timeout = std::chrono::minutes(10)},
                            stop.get_token());
    } catch (const ConnectionError& error) {
      kind = error.kind();
    }
  });
  stop.request_stop();
  connecting.join();  // or the test takes ten minutes
  EXPECT_EQ(kind, Kind::kCancelled);
}

TEST(Connection, IsGivenUpByTheEndOfTheProgramWhileItsHostIsLookedUp) {
  const auto give_up_and_end = [](const Address& address) {
    std::stop_source stop;
    stop.request_stop();
    try {
      Connection connection(address, {}, stop.get_token());
    } catch (const ConnectionError&) {
      std::exit(0);  // somebody still asks for the host's number
    }
  };
  const SilentServer server;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EXIT(give_up_and_end(server.address()), testing::ExitedWithCode(0), "");
  }
}

TEST(Handshake, NamesWhatEitherSideLacks) {
  v1::Feature sound;
  sound.set_name("sound");
  sound.set_since_revision(2);
  sound.set_description("what the game sounds like");
  FakeDaemon daemon({.revision = 2, .more_features = {sound}});
  Connection connection(daemon.address());
  v1::Contract contract = connection.GetRun().contract();
  EXPECT_THAT(CompareFeatures(contract).unknown_to_us, ElementsAre("what the game sounds like"));
  EXPECT_THAT(CompareFeatures(contract).lacking_in_daemon, IsEmpty());

  contract.mutable_features()->DeleteSubrange(0, 7);
  contract.mutable_features()->RemoveLast();
  EXPECT_EQ(CompareFeatures(contract).lacking_in_daemon.size(), 7u);
  EXPECT_THAT(CompareFeatures(contract).Text(), HasSubstr("does not offer: the game as it trains"));
}

}  // namespace
}  // namespace dqnd
