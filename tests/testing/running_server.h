// tests/testing/running_server.h
// A real Server on a real socket, with fakes for the model, and short ways to call it.
#ifndef ASSAY_TESTS_TESTING_RUNNING_SERVER_H_
#define ASSAY_TESTS_TESTING_RUNNING_SERVER_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/reward.grpc.pb.h"
#include "server/options.h"
#include "server/server.h"
#include "tests/testing/fake_encoder.h"
#include "tests/testing/fake_scorer.h"

namespace assay::testing {

inline constexpr char kScoreMethod[] = "/assay.v1.RewardService/Score";
inline constexpr char kStreamMethod[] = "/assay.v1.RewardService/ScoreStream";

// Defaults, on a free port of loopback.
ServerOptions TestOptions();

class RunningServer {
 public:
  explicit RunningServer(const ServerOptions& options = TestOptions(), int workers = 1);
  ~RunningServer();  // Releases the fakes, then shuts down.

  Server& server() { return *server_; }
  FakeEncoder& encoder() { return *encoder_; }
  FakeScorer& scorer(int worker = 0) { return *scorers_[worker]; }
  // One channel for all calls of a test.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  // A connection of its own, once it stands; or after 20 s the channel as it is.
  std::shared_ptr<grpc::Channel> NewChannel() const;

  // Batches that the warm-up ran on each scorer; conversations, too.
  static constexpr size_t kWarmUps = 1;

 private:
  FakeEncoder* encoder_;              // The server's.
  std::vector<FakeScorer*> scorers_;  // The server's.
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

// One user turn and these responses.
v1::ScoreRequest ScoreRequestOf(const std::string& prompt,
                                const std::vector<std::string>& responses);

v1::ScoreStreamRequest StreamRequestOf(const std::string& id, const std::string& prompt,
                                       const std::vector<std::string>& responses);

// One Score call.
absl::StatusOr<v1::ScoreResponse> Ask(const std::shared_ptr<grpc::Channel>& channel,
                                      const v1::ScoreRequest& request,
                                      absl::Duration timeout = absl::Minutes(1));

// Whether `channel` answers a good request, of seven tokens, with the right score.
bool Works(const std::shared_ptr<grpc::Channel>& channel);

// For a server whose device is busy and whose queue is full: waits until everything in the queue
// is dead (cancelled, or past its deadline), which is when it takes something else.
void AwaitDeadQueue(const std::shared_ptr<grpc::Channel>& channel);

// The server's health as grpc.health.v1.Health/Check tells it: "SERVING", "NOT_SERVING", or an
// error.
std::string HealthOf(const std::shared_ptr<grpc::Channel>& channel, const std::string& service);

}  // namespace assay::testing

#endif  // ASSAY_TESTS_TESTING_RUNNING_SERVER_H_
