#include "tests/testing/running_server.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/grpc_status.h"
#include "tests/testing/builders.h"
#include "tests/testing/raw_call.h"

namespace assay::testing {

ServerOptions TestOptions() {
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.self_test = false;
  return options;
}

RunningServer::RunningServer(const ServerOptions& options, int workers) {
  auto encoder = std::make_unique<FakeEncoder>();
  encoder_ = encoder.get();
  std::vector<std::unique_ptr<Scorer>> scorers;
  for (int i = 0; i < workers; ++i) {
    auto scorer = std::make_unique<FakeScorer>();
    scorers_.push_back(scorer.get());
    scorers.push_back(std::move(scorer));
  }
  auto server = Server::Create(
      options,
      {.info = FakeModelInfo(), .encoder = std::move(encoder), .scorers = std::move(scorers)});
  if (!server.ok()) {
    std::fprintf(stderr, "no test server: %s\n", server.status().ToString().c_str());
    std::abort();
  }
  server_ = *std::move(server);
  channel_ = NewChannel();
}

RunningServer::~RunningServer() {
  encoder_->Release();
  for (FakeScorer* scorer : scorers_) scorer->Release();
}

std::shared_ptr<grpc::Channel> RunningServer::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(server_->address(), grpc::InsecureChannelCredentials(), arguments);
  // gRPC 1.51 reads errno too late after connect(): abseil's first look at the CPU, once a process,
  // makes it ENOENT, and a connection under way counts as failed (grpc/grpc#35064).
  channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20));
  return channel;
}

v1::ScoreRequest ScoreRequestOf(const std::string& prompt,
                                const std::vector<std::string>& responses) {
  v1::ScoreRequest request;
  v1::Message& message = *request.add_prompt();
  message.set_role("user");
  message.set_content(prompt);
  for (const std::string& response : responses) request.add_responses(response);
  return request;
}

v1::ScoreStreamRequest StreamRequestOf(const std::string& id, const std::string& prompt,
                                       const std::vector<std::string>& responses) {
  v1::ScoreStreamRequest request;
  request.set_request_id(id);
  *request.mutable_request() = ScoreRequestOf(prompt, responses);
  return request;
}

absl::StatusOr<v1::ScoreResponse> Ask(const std::shared_ptr<grpc::Channel>& channel,
                                      const v1::ScoreRequest& request, absl::Duration timeout) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  v1::ScoreResponse response;
  const grpc::Status status =
      v1::RewardService::NewStub(channel)->Score(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status);
  return response;
}

bool Works(const std::shared_ptr<grpc::Channel>& channel) {
  // Each time another conversation of the same length: equal ones would share a pass.
  static std::atomic<int> calls = 0;
  const std::string prompt = absl::StrCat(absl::Hex(calls++, absl::kZeroPad4));
  const absl::StatusOr<v1::ScoreResponse> response = Ask(channel, ScoreRequestOf(prompt, {"one"}));
  return response.ok() && response->results_size() == 1 &&
         response->results(0).score().score() == ExpectedScore(prompt, "one");
}

void AwaitDeadQueue(const std::shared_ptr<grpc::Channel>& channel) {
  // Refused at once while the queue is full; taken, it would wait for the device, and so for its
  // deadline.
  while (Ask(channel, ScoreRequestOf("p", {"probe"}), absl::Milliseconds(50)).status().code() ==
         absl::StatusCode::kResourceExhausted) {
  }
}

std::string HealthOf(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  // HealthCheckRequest{service = 1}; HealthCheckResponse{status = 1}: 1 is SERVING, 2 NOT_SERVING.
  const std::string request =
      service.empty()
          ? ""
          : absl::StrCat("\x0a", std::string(1, static_cast<char>(service.size())), service);
  const absl::StatusOr<std::string> reply =
      CallRaw(channel, "/grpc.health.v1.Health/Check", request);
  if (!reply.ok()) return reply.status().ToString();
  return *reply == "\x08\x01" ? "SERVING" : *reply == "\x08\x02" ? "NOT_SERVING" : "unknown";
}

}  // namespace assay::testing
