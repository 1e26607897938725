#include "tests/viewer/fake_daemon.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <stdexcept>
#include <thread>

#include "dqnd/v1/exhibition.grpc.pb.h"
#include "dqnd/v1/run.grpc.pb.h"
#include "dqnd/v1/stream.grpc.pb.h"
#include "tests/viewer/fake_game.h"

namespace dqnd {
namespace {

using Clock = std::chrono::steady_clock;

int64_t UnixNanoseconds() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

struct KeyAndCertificate {
  std::string key_pem;
  std::string certificate_pem;
  std::string fingerprint;
};

template <typename Write>
std::string PemOf(Write write) {
  BIO* memory = BIO_new(BIO_s_mem());
  write(memory);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(memory);
  return pem;
}

// Self-signed, for the DNS name dqnd, as dqnd cert makes it. With a negative validity it expired.
KeyAndCertificate MakeCertificate(std::chrono::seconds valid_for) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -2L * 24 * 3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), static_cast<long>(valid_for.count()));
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("dqnd"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:dqnd");
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(certificate, key, EVP_sha256());

  KeyAndCertificate made;
  made.key_pem = PemOf(
      [&](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
  made.certificate_pem = PemOf([&](BIO* out) { PEM_write_bio_X509(out, certificate); });
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  X509_digest(certificate, EVP_sha256(), digest, &size);
  for (unsigned int i = 0; i < size; ++i) made.fingerprint += fmt::format("{:02x}", digest[i]);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return made;
}

}  // namespace

struct FakeDaemon::State {
  explicit State(FakeDaemonOptions its_options) : options(std::move(its_options)) {}

  const FakeDaemonOptions options;
  mutable std::mutex mutex;
  mutable std::condition_variable_any changed;
  std::stop_source closing;
  // Guarded by mutex.
  std::vector<std::string> calls;
  std::vector<v1::Event> events;
  std::vector<v1::MetricsRow> rows;
  v1::RunPhase phase = v1::RUN_PHASE_TRAINING;
  int64_t env_steps = 0;
  int64_t checkpoint_env_steps = 250'000;
  int watchers = 0;

  void Note(const std::string& call) {
    const std::lock_guard lock(mutex);
    calls.push_back(call);
    changed.notify_all();
  }

  void WaitALittle(std::chrono::nanoseconds duration) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, closing.get_token(), duration, [] { return false; });
  }

  // What a daemon does first with every call. An empty `call` is none and only asks.
  grpc::Status Admit(const grpc::ServerContextBase& context, const std::string& call,
                     bool control) {
    if (options.delay.count() > 0) WaitALittle(options.delay);
    bool is_control = options.control_token.empty() && options.read_only_token.empty();
    bool is_known = is_control;
    const auto sent = context.client_metadata().find("authorization");
    if (!is_known && sent != context.client_metadata().end()) {
      const std::string_view value(sent->second.data(), sent->second.size());
      is_control = value == "Bearer " + options.control_token;
      is_known = is_control || value == "Bearer " + options.read_only_token;
    }
    if (!is_known) return {grpc::StatusCode::UNAUTHENTICATED, "no valid token"};
    if (control && !is_control) return {grpc::StatusCode::PERMISSION_DENIED, "read-only token"};
    if (!call.empty()) Note(call);
    return grpc::Status::OK;
  }

  v1::RunState RunStateNow() {
    const std::lock_guard lock(mutex);
    v1::RunState state;
    state.set_phase(phase);
    state.set_env_steps(env_steps);
    state.set_total_env_steps(1'000'000);
    state.set_updates(env_steps / 4);
    state.set_env_steps_per_second(phase == v1::RUN_PHASE_TRAINING ? 412.5 : 0);
    if (phase == v1::RUN_PHASE_TRAINING) {
      state.set_remaining_seconds(static_cast<double>(1'000'000 - env_steps) / 412.5);
    }
    state.set_elapsed_seconds(static_cast<double>(env_steps) / 412.5);
    state.set_epsilon(0.1);
    state.set_episodes(1843);
    state.set_mean_return(21.4);
    state.mutable_update_averages()->set_updates(100);
    state.mutable_update_averages()->set_loss(0.0123);
    state.mutable_update_averages()->set_mean_q(1.83);
    state.mutable_update_averages()->set_gradient_norm(0.42);
    state.mutable_replay()->set_transitions(100'000);
    state.mutable_replay()->set_buffer_size(250'000);
    state.mutable_replay()->set_bytes(int64_t{182} << 20);
    state.mutable_replay()->set_max_bytes(int64_t{512} << 20);
    state.mutable_memory()->set_resident_bytes(int64_t{910} << 20);
    state.mutable_memory()->set_limit_bytes(int64_t{4} << 30);
    state.mutable_checkpoint()->set_env_steps(checkpoint_env_steps);
    state.mutable_checkpoint()->set_unix_seconds(static_cast<double>(UnixNanoseconds()) / 1e9 - 84);
    state.mutable_best_evaluation()->set_env_steps(200'000);
    state.mutable_best_evaluation()->set_mean_return(27.1);
    state.set_watchers(watchers);
    return state;
  }

  size_t RowCount() const {
    const std::lock_guard lock(mutex);
    return rows.size();
  }

  // Log lines and rows from these positions on.
  void AddNews(size_t& next_event, size_t& next_row, v1::WatchResponse& response) {
    const std::lock_guard lock(mutex);
    for (; next_event < events.size(); ++next_event) *response.add_events() = events[next_event];
    for (; next_row < rows.size(); ++next_row) *response.add_metrics() = rows[next_row];
    if (phase == v1::RUN_PHASE_TRAINING) env_steps += 7;
  }

  void Damage(v1::Moment& moment) const {
    if (options.damage && moment.has_picture()) options.damage(*moment.mutable_picture());
  }
};

class FakeDaemon::Run : public v1::RunService::Service {
 public:
  explicit Run(State& state) : state_(state) {}

  grpc::Status GetRun(grpc::ServerContext* context, const v1::GetRunRequest*,
                      v1::GetRunResponse* response) override {
    if (grpc::Status status = state_.Admit(*context, "GetRun", false); !status.ok()) return status;
    v1::Contract& contract = *response->mutable_contract();
    contract.set_revision(state_.options.revision);
    contract.set_program_version("0.2.0");
    for (const char* name : {"training", "exhibition", "take_over", "rewind", "network_input",
                             "saliency", "control", "metrics"}) {
      v1::Feature& feature = *contract.add_features();
      feature.set_name(name);
      feature.set_since_revision(1);
    }
    for (const v1::Feature& feature : state_.options.more_features) {
      *contract.add_features() = feature;
    }
    v1::RunDescription& description = *response->mutable_description();
    description.set_name("breakout");
    *description.mutable_environment() = FakeGame::Spec();
    description.set_n_envs(4);
    description.set_architecture("nature_cnn");
    description.set_parameters(1'686'180);
    description.set_config_yaml("run:\n  name: breakout\n");
    description.set_host(state_.options.host);
    description.set_process_start_unix_seconds(state_.options.process_start_unix_seconds);
    *response->mutable_state() = state_.RunStateNow();
    response->set_may_control(state_.Admit(*context, "", true).ok());
    return grpc::Status::OK;
  }

  grpc::Status Pause(grpc::ServerContext* context, const v1::PauseRequest*,
                     v1::PauseResponse* response) override {
    return Control(*context, "Pause", v1::RUN_PHASE_PAUSED, response);
  }
  grpc::Status Resume(grpc::ServerContext* context, const v1::ResumeRequest*,
                      v1::ResumeResponse* response) override {
    return Control(*context, "Resume", v1::RUN_PHASE_TRAINING, response);
  }
  grpc::Status Stop(grpc::ServerContext* context, const v1::StopRequest*,
                    v1::StopResponse* response) override {
    return Control(*context, "Stop", v1::RUN_PHASE_STOPPING, response);
  }
  grpc::Status Step(grpc::ServerContext* context, const v1::StepRequest* request,
                    v1::StepResponse* response) override {
    if (grpc::Status status = state_.Admit(*context, "", true); !status.ok()) return status;
    if (state_.RunStateNow().phase() != v1::RUN_PHASE_PAUSED) {
      return {grpc::StatusCode::FAILED_PRECONDITION, "the run is not paused: pause it first"};
    }
    return Control(*context, fmt::format("Step {}", request->cycles()), v1::RUN_PHASE_PAUSED,
                   response);
  }
  grpc::Status Checkpoint(grpc::ServerContext* context, const v1::CheckpointRequest*,
                          v1::CheckpointResponse* response) override {
    if (grpc::Status status = state_.Admit(*context, "Checkpoint", true); !status.ok()) {
      return status;
    }
    const std::lock_guard lock(state_.mutex);
    state_.checkpoint_env_steps = state_.env_steps;
    response->mutable_checkpoint()->set_env_steps(state_.env_steps);
    return grpc::Status::OK;
  }

  grpc::Status ListMetrics(grpc::ServerContext* context, const v1::ListMetricsRequest*,
                           v1::ListMetricsResponse* response) override {
    if (grpc::Status status = state_.Admit(*context, "ListMetrics", false); !status.ok()) {
      return status;
    }
    const std::lock_guard lock(state_.mutex);
    for (const v1::MetricsRow& row : state_.rows) {
      for (const v1::MetricsValue& value : row.values()) {
        v1::Curve* curve = nullptr;
        for (v1::Curve& each : *response->mutable_curves()) {
          if (each.name() == value.name()) curve = &each;
        }
        if (curve == nullptr) {
          curve = response->add_curves();
          curve->set_name(value.name());
        }
        curve->add_env_steps(row.env_steps());
        curve->add_values(value.value());
      }
    }
    return grpc::Status::OK;
  }

 private:
  template <typename Response>
  grpc::Status Control(const grpc::ServerContext& context, const std::string& call,
                       v1::RunPhase phase, Response* response) {
    if (grpc::Status status = state_.Admit(context, call, true); !status.ok()) return status;
    {
      const std::lock_guard lock(state_.mutex);
      state_.phase = phase;
    }
    *response->mutable_state() = state_.RunStateNow();
    return grpc::Status::OK;
  }

  State& state_;
};

class FakeDaemon::Stream : public v1::StreamService::Service {
 public:
  explicit Stream(State& state) : state_(state) {}

  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::WatchResponse>* writer) override {
    if (grpc::Status status = state_.Admit(*context, "Watch", false); !status.ok()) return status;
    FakeGame game;
    size_t events = 0;
    size_t rows = state_.RowCount();
    bool key = true;
    Clock::time_point next_state = Clock::now();
    v1::RunPhase phase = v1::RUN_PHASE_UNSPECIFIED;
    const double rate = request->moments_per_second();
    while (!context->IsCancelled() && !state_.closing.stop_requested()) {
      v1::WatchResponse response;
      const v1::RunState run = state_.RunStateNow();
      if (run.phase() != phase || Clock::now() >= next_state) {
        *response.mutable_state() = run;
        phase = run.phase();
        next_state = Clock::now() + std::chrono::milliseconds(500);
      }
      if (rate > 0 && phase == v1::RUN_PHASE_TRAINING) {
        game.Step(-1);
        *response.mutable_moment() =
            game.NextMoment(key, request->network_input(), request->saliency());
        response.mutable_moment()->mutable_step()->set_env_step(run.env_steps());
        response.mutable_moment()->mutable_not_shown()->set_env_steps(3);
        response.mutable_moment()->set_unix_nanoseconds(UnixNanoseconds());
        state_.Damage(*response.mutable_moment());
        key = false;
      }
      state_.AddNews(events, rows, response);
      if (!writer->Write(response)) break;
      state_.WaitALittle(std::chrono::nanoseconds(
          static_cast<int64_t>(1e9 / (rate > 0 && phase == v1::RUN_PHASE_TRAINING ? rate : 20))));
    }
    return grpc::Status::OK;
  }

 private:
  State& state_;
};

// By callbacks, since a server that ends a game must not wait for its client's next word.
class FakeDaemon::Exhibition : public v1::ExhibitionService::CallbackService {
 public:
  explicit Exhibition(State& state) : state_(state) {}

  grpc::ServerBidiReactor<v1::PlayRequest, v1::PlayResponse>* Play(
      grpc::CallbackServerContext* context) override {
    return new Session(*this, *context);
  }

 private:
  struct Game {
    FakeGame game;
    int64_t games = 0;  // to play; 0: until the client ends it
    v1::Show show;
    double speed = 1;
    bool unpaced = false;  // as fast as the client reads
    bool paused = false;
    int steps = 0;  // to play while it is paused
    int person_action = -1;
    bool key = true;
    int64_t games_over = 0;
    double rewindable_seconds = 0;
  };

  // One game, played by a thread of its own. Deletes itself at the end.
  class Session : public grpc::ServerBidiReactor<v1::PlayRequest, v1::PlayResponse> {
   public:
    Session(Exhibition& exhibition, const grpc::CallbackServerContext& context)
        : exhibition_(exhibition) {
      const grpc::Status status = exhibition.state_.Admit(context, "Play", false);
      if (!status.ok()) {
        Finish(status);
        return;
      }
      StartRead(&request_);
      player_ = std::thread([this] { Finish(Run()); });
    }

    void OnReadDone(bool ok) override {
      const std::lock_guard lock(mutex_);
      if (ok) {
        requests_.push_back(request_);
        StartRead(&request_);
      } else {
        closed_ = true;
      }
      changed_.notify_all();
    }
    void OnWriteDone(bool ok) override {
      const std::lock_guard lock(mutex_);
      closed_ = closed_ || !ok;
      writing_ = false;
      changed_.notify_all();
    }
    void OnCancel() override {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      changed_.notify_all();
    }
    void OnDone() override {
      if (player_.joinable()) player_.join();
      delete this;
    }

   private:
    grpc::Status Run() {
      State& state = exhibition_.state_;
      Game game;
      bool started = false;
      while (!state.closing.stop_requested()) {
        {
          std::unique_lock lock(mutex_);
          changed_.wait(lock,
                        [&] { return closed_ || (!writing_ && (started || !requests_.empty())); });
          if (closed_) return grpc::Status::OK;
          for (; !requests_.empty(); requests_.pop_front()) {
            exhibition_.Obey(requests_.front(), game);
          }
          started = true;
          response_ = exhibition_.Next(game);
          writing_ = true;
        }
        StartWrite(&response_);
        if (game.games > 0 && game.games_over >= game.games) break;
        if (game.unpaced && !game.paused) continue;
        // Decisions of four frames at 60 frames a second, each sent as one moment.
        state.WaitALittle(std::chrono::nanoseconds(
            static_cast<int64_t>(game.paused ? 3e7 : 1e9 / 30 / game.speed)));
      }
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return closed_ || !writing_; });
      return grpc::Status::OK;
    }

    Exhibition& exhibition_;
    std::mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_.
    std::deque<v1::PlayRequest> requests_;
    bool writing_ = false;
    bool closed_ = false;
    // Of the read and the write in flight.
    v1::PlayRequest request_;
    v1::PlayResponse response_;
    std::thread player_;
  };

  void Obey(const v1::PlayRequest& request, Game& game) {
    switch (request.command_case()) {
      case v1::PlayRequest::kStart:
        game.speed = request.start().speed() > 0 ? request.start().speed() : 1;
        game.unpaced = request.start().every_frame() && request.start().speed() == 0;
        game.show = request.start().show();
        game.games = request.start().games();
        return state_.Note(fmt::format("Start {:g}", game.speed));
      default:
        return ObeyInGame(request, game);
    }
  }

  void ObeyInGame(const v1::PlayRequest& request, Game& game) {
    switch (request.command_case()) {
      case v1::PlayRequest::kSetSpeed:
        game.speed = request.set_speed().speed();
        return state_.Note(fmt::format("SetSpeed {:g}", game.speed));
      case v1::PlayRequest::kPause:
        game.paused = true;
        return state_.Note("PauseGame");
      case v1::PlayRequest::kResume:
        game.paused = false;
        return state_.Note("ResumeGame");
      case v1::PlayRequest::kStep:
        ++game.steps;
        return state_.Note("StepGame");
      case v1::PlayRequest::kTakeOver:
        game.person_action = 0;
        return state_.Note("TakeOver");
      case v1::PlayRequest::kGiveBack:
        game.person_action = -1;
        return state_.Note("GiveBack");
      case v1::PlayRequest::kPress:
        if (game.person_action >= 0) game.person_action = request.press().action();
        return state_.Note(fmt::format("Press {}", request.press().action()));
      case v1::PlayRequest::kRestart:
        game.game.NewGame();
        return state_.Note("Restart");
      case v1::PlayRequest::kRewind:
        return state_.Note(fmt::format("Rewind {:g}", request.rewind().seconds()));
      case v1::PlayRequest::kShow:
        game.show = request.show();
        return state_.Note("Show");
      default:
        return state_.Note("?");
    }
  }

  v1::PlayResponse Next(Game& game) {
    v1::PlayResponse response;
    if (!game.paused || game.steps > 0) {
      game.steps = std::max(0, game.steps - 1);
      game.game.Step(game.person_action);
      v1::Moment& moment = *response.mutable_moment();
      moment = game.game.NextMoment(game.key, game.show.network_input(), game.show.saliency());
      moment.set_unix_nanoseconds(UnixNanoseconds());
      game.games_over += moment.step().game_over() ? 1 : 0;
      game.rewindable_seconds = std::min(30.0, game.rewindable_seconds + 1.0 / 15);
      state_.Damage(moment);
      game.key = false;
    }
    v1::ExhibitionState& exhibition = *response.mutable_state();
    exhibition.set_speed(game.speed);
    exhibition.set_paused(game.paused);
    exhibition.set_person_plays(game.person_action >= 0);
    exhibition.set_parameters_env_steps(249'000);
    exhibition.set_rewindable_seconds(game.rewindable_seconds);
    exhibition.set_games_over(game.games_over);
    if (game.games_over > 0) exhibition.set_last_return(game.game.last_return());
    return response;
  }

  State& state_;
};

struct FakeDaemon::Server {
  explicit Server(State& state) : run(state), stream(state), exhibition(state) {}

  Run run;
  Stream stream;
  Exhibition exhibition;
  std::unique_ptr<grpc::Server> grpc;
};

FakeDaemon::FakeDaemon(FakeDaemonOptions options)
    : state_(std::make_shared<State>(std::move(options))),
      server_(std::make_unique<Server>(*state_)) {
  const FakeDaemonOptions& wanted = state_->options;
  state_->env_steps = wanted.env_steps;
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (wanted.tls) {
    const KeyAndCertificate made = MakeCertificate(wanted.valid_for);
    fingerprint_ = made.fingerprint;
    grpc::SslServerCredentialsOptions ssl;
    ssl.pem_key_cert_pairs.push_back({made.key_pem, made.certificate_pem});
    credentials = grpc::SslServerCredentials(ssl);
  }
  grpc::ServerBuilder builder;
  builder.AddListeningPort(wanted.unix_path.empty() ? fmt::format("127.0.0.1:{}", wanted.port)
                                                    : "unix:" + wanted.unix_path,
                           credentials, &port_);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  if (!wanted.is_other_service) builder.RegisterService(&server_->run);
  builder.RegisterService(&server_->stream);
  builder.RegisterService(&server_->exhibition);
  server_->grpc = builder.BuildAndStart();
  if (server_->grpc == nullptr) throw std::runtime_error("the fake daemon cannot listen");
}

FakeDaemon::~FakeDaemon() {
  state_->closing.request_stop();
  server_->grpc->Shutdown(std::chrono::system_clock::now());
  server_->grpc->Wait();
}

Address FakeDaemon::address() const {
  Address address;
  if (state_->options.unix_path.empty()) {
    address.host = "127.0.0.1";
    address.port = port_;
  }
  address.unix_path = state_->options.unix_path;
  address.token = state_->options.control_token;
  address.fingerprint = fingerprint_;
  return address;
}

void FakeDaemon::Log(const std::string& text, v1::EventLevel level) {
  const std::lock_guard lock(state_->mutex);
  v1::Event& event = state_->events.emplace_back();
  event.set_unix_seconds(static_cast<double>(UnixNanoseconds()) / 1e9);
  event.set_level(level);
  event.set_text(text);
}

void FakeDaemon::WriteRow(int64_t env_steps,
                          const std::vector<std::pair<std::string, double>>& values) {
  const std::lock_guard lock(state_->mutex);
  v1::MetricsRow& row = state_->rows.emplace_back();
  row.set_env_steps(env_steps);
  for (const auto& [name, number] : values) {
    v1::MetricsValue& value = *row.add_values();
    value.set_name(name);
    value.set_value(number);
  }
}

std::vector<std::string> FakeDaemon::calls() const {
  const std::lock_guard lock(state_->mutex);
  return state_->calls;
}

std::vector<std::string> FakeDaemon::WaitForMoreCalls(size_t known,
                                                      const std::stop_token& stop) const {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, stop, [&] { return state_->calls.size() > known; });
  const auto first = static_cast<std::ptrdiff_t>(std::min(known, state_->calls.size()));
  return {state_->calls.begin() + first, state_->calls.end()};
}

bool FakeDaemon::WaitForCall(const std::string& call, int times) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, std::chrono::seconds(30), [&] {
    return std::count(state_->calls.begin(), state_->calls.end(), call) >= times;
  });
}

}  // namespace dqnd
