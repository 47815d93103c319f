// tests/client/fake_reward_service.h
// A small honest reward service on a real loopback socket, told to fail. A score is a pure function
// of its texts, so that a reply can be checked to belong to its request.
#ifndef ASSAY_TESTS_CLIENT_FAKE_REWARD_SERVICE_H_
#define ASSAY_TESTS_CLIENT_FAKE_REWARD_SERVICE_H_

#include <grpcpp/server.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/mutex.h"

namespace assay::testing {

// Thread-safe. Faults hold from when they are told on.
class FakeRewardService final
    : private v1::RewardService::WithCallbackMethod_Score<v1::RewardService::Service> {
 public:
  // Serves until destroyed. The model has `objectives`; none: a scalar head.
  explicit FakeRewardService(std::vector<std::string> objectives = {"helpsteer-helpfulness",
                                                                    "verbosity"});
  ~FakeRewardService() override;

  std::string address() const;  // "127.0.0.1:PORT"
  // On a connection of its own that stands: gRPC 1.51 may take a process's first, while it is being
  // made, for a failed one (grpc/grpc#35064).
  std::unique_ptr<v1::RewardService::StubInterface> NewStub() const;

  // The score of `response` to a prompt whose last message is `prompt`: 0, 1/8, .. 1023/8.
  static float ScoreOf(const std::string& prompt, const std::string& response);

  void SetModelName(const std::string& name);
  void SetRevision(const std::string& revision);
  // After `requests` more, SetRevision().
  void SetRevisionAfter(int requests, const std::string& revision);
  // From now on the model is one in bfloat16, and knows an error whose margin has this 99th
  // percentile over 200 pairs.
  void SetMarginError(double percentile_99);

  // The next `n` requests, of Score or of a stream, are answered `status`.
  void RefuseNext(int n, absl::Status status);
  // Every request that holds `response` is answered `status`.
  void Refuse(const std::string& response, absl::Status status);
  // Only the result of `response` is `status`; for its first `times` attempts.
  void FailResult(const std::string& response, absl::Status status, int times = 1 << 30);
  // The next stream ends with `status` after `replies` replies; told again, the one after it does.
  void BreakStreamAfter(int replies, absl::Status status);
  // A stream that reads `response` ends with `status`.
  void BreakStreamOn(const std::string& response, absl::Status status);
  // Streams answer in groups of `group`, the last first. A group that is not full waits.
  void AnswerInReverse(int group);
  // Every reply of a stream is sent twice.
  void AnswerTwice();
  // Requests are read and not answered.
  void GoSilent();
  // Those of Score that were not are answered now, and so are all later ones.
  void Speak();
  // What the health service says; SERVING at first.
  void SetServing(bool serving);

  // Waits until `n` requests have arrived.
  void AwaitRequests(int n);
  // Waits until the client has closed `n` streams in good order, with no request unanswered.
  void AwaitClosedStreams(int n);
  // Waits until `n` calls of Score that were not answered were cancelled by the client.
  void AwaitCancelled(int n);
  // The metadata assay-prompt-hash of the last Score call; empty: none.
  std::string prompt_hash() const;
  // The :authority of the last Score call.
  std::string authority() const;
  int requests() const;
  int streams() const;
  // Of one stream, requests read and not yet answered.
  int most_unanswered() const;

 private:
  struct Scripted {
    absl::Status status;
    int times;
  };

  grpc::ServerUnaryReactor* Score(grpc::CallbackServerContext* context,
                                  const v1::ScoreRequest* request,
                                  v1::ScoreResponse* response) override;
  grpc::Status ScoreStream(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::ScoreStreamResponse, v1::ScoreStreamRequest>* stream) override;
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                        v1::ModelInfo* response) override;

  class HeldCall;
  // Whether `call` was held, and is no more.
  bool Release(HeldCall* call) ABSL_LOCKS_EXCLUDED(mu_);

  // Counts the request; its answer, or why it has none.
  absl::Status Answer(const v1::ScoreRequest& request, v1::ScoreResponse* response)
      ABSL_LOCKS_EXCLUDED(mu_);
  // OK, or what the stream ends with for having read `request`.
  absl::Status Poison(const v1::ScoreRequest& request) ABSL_LOCKS_EXCLUDED(mu_);

  const std::vector<std::string> objectives_;

  mutable Mutex mu_;
  CondVar changed_;
  std::string model_name_ ABSL_GUARDED_BY(mu_) = "fake";
  std::string revision_ ABSL_GUARDED_BY(mu_) = "fake-revision-0123456789";
  std::optional<std::pair<int, std::string>> next_revision_ ABSL_GUARDED_BY(mu_);
  std::optional<double> margin_error_ ABSL_GUARDED_BY(mu_);
  std::deque<absl::Status> refuse_next_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, absl::Status> refused_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, Scripted> failing_ ABSL_GUARDED_BY(mu_);
  std::deque<std::pair<int, absl::Status>> breaks_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, absl::Status> poison_ ABSL_GUARDED_BY(mu_);
  int group_ ABSL_GUARDED_BY(mu_) = 1;
  int copies_ ABSL_GUARDED_BY(mu_) = 1;
  bool silent_ ABSL_GUARDED_BY(mu_) = false;
  std::set<HeldCall*> held_ ABSL_GUARDED_BY(mu_);  // Each owns itself.
  int cancelled_ ABSL_GUARDED_BY(mu_) = 0;
  std::string prompt_hash_ ABSL_GUARDED_BY(mu_);
  std::string authority_ ABSL_GUARDED_BY(mu_);
  int requests_ ABSL_GUARDED_BY(mu_) = 0;
  int streams_ ABSL_GUARDED_BY(mu_) = 0;
  int closed_streams_ ABSL_GUARDED_BY(mu_) = 0;
  int most_unanswered_ ABSL_GUARDED_BY(mu_) = 0;

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;  // Last: stops before the rest goes.
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_CLIENT_FAKE_REWARD_SERVICE_H_
