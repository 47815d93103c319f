#include "tests/load/random_load.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "assay/v1/reward.grpc.pb.h"
#include "base/mutex.h"
#include "client/wire.h"
#include "tests/load/checked_request.h"

namespace assay::testing {
namespace {

using Random = std::mt19937_64;
constexpr int kLargestBurst = 16;

int64_t Roll(Random& random, int64_t sides) { return static_cast<int64_t>(random() % sides); }

RequestSize RandomSize(Random& random) {
  // One in fifty is long.
  const int64_t longest = Roll(random, 50) == 0 ? 2500 : 80;
  return {.prompt_bytes = Roll(random, 120),
          .responses = 1 + Roll(random, Roll(random, 20) == 0 ? 16 : 3),
          .response_bytes = Roll(random, longest)};
}

class Load {
 public:
  explicit Load(const RandomLoadOptions& options)
      : options_(options), outcomes_(options.requests) {}

  RandomLoadCounts Run() ABSL_LOCKS_EXCLUDED(mu_) {
    std::vector<std::thread> threads;
    threads.reserve(options_.clients);
    for (int i = 0; i < options_.clients; ++i) threads.emplace_back([this, i] { RunClient(i); });
    int64_t told = 0;
    while (told < options_.requests) {
      int64_t answered;
      {
        MutexLock lock(&mu_);
        const int64_t next = std::min(told + options_.step, options_.requests);
        while (answered_ < next) stepped_.wait(mu_);
        answered = answered_;
      }
      if (options_.on_step) options_.on_step(answered);
      told = answered;
    }
    for (std::thread& thread : threads) thread.join();
    MutexLock lock(&mu_);
    for (const uint8_t outcomes : outcomes_) {
      if (outcomes == 0) ++counts_.without_outcome;
      if (outcomes > 1) ++counts_.with_several;
    }
    return counts_;
  }

 private:
  struct Call {
    int64_t index = 0;
    bool short_deadline = false;
    int64_t cancel_after = -1;  // When so many of its burst are answered; -1: never.
    std::atomic<bool> cancelled = false;
    v1::ScoreRequest request;
    v1::ScoreResponse response;
    grpc::ClientContext context;

    void Cancel() {
      cancelled = true;
      context.TryCancel();
    }
  };

  // Calls that are made together. Ended calls stay until all are.
  struct Burst {
    Mutex mu;
    CondVar changed;
    int64_t answered ABSL_GUARDED_BY(mu) = 0;
    std::vector<std::unique_ptr<Call>> calls;

    int64_t AwaitMoreThan(int64_t count) ABSL_LOCKS_EXCLUDED(mu) {
      MutexLock lock(&mu);
      while (answered <= count && answered < static_cast<int64_t>(calls.size())) changed.wait(mu);
      return answered;
    }
  };

  std::unique_ptr<v1::RewardService::Stub> Connect() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    const auto channel =
        grpc::CreateCustomChannel(options_.address, grpc::InsecureChannelCredentials(), arguments);
    channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20));
    return v1::RewardService::NewStub(channel);
  }

  void RunClient(int number) ABSL_LOCKS_EXCLUDED(mu_) {
    Random random(options_.seed * 1000003 + number);
    std::unique_ptr<v1::RewardService::Stub> stub = Connect();
    while (true) {
      const int64_t size = 1 + Roll(random, kLargestBurst);
      const int64_t first = next_.fetch_add(size);
      if (first >= options_.requests) return;
      const bool drop = options_.drop_one_in > 0 && Roll(random, options_.drop_one_in) == 0;
      RunBurst(stub.get(), first, std::min(size, options_.requests - first), drop, random);
      if (!drop) continue;
      stub.reset();
      stub = Connect();
    }
  }

  void RunBurst(v1::RewardService::Stub* stub, int64_t first, int64_t size, bool drop,
                Random& random) ABSL_LOCKS_EXCLUDED(mu_) {
    Burst burst;
    for (int64_t i = 0; i < size; ++i) burst.calls.push_back(MakeCall(first + i, size, random));
    const int64_t drop_after = drop ? Roll(random, size) : -1;
    for (const auto& call : burst.calls) {
      stub->async()->Score(&call->context, &call->request, &call->response,
                           [this, &burst, call = call.get()](const grpc::Status& status) {
                             Answer(*call, status);
                             MutexLock lock(&burst.mu);
                             ++burst.answered;
                             burst.changed.notify_all();
                           });
    }
    int64_t answered = burst.AwaitMoreThan(-1);
    while (true) {
      for (const auto& call : burst.calls) {
        const bool due = call->cancel_after >= 0 && call->cancel_after <= answered;
        if ((due || (drop && drop_after <= answered)) && !call->cancelled) call->Cancel();
      }
      if (answered == size) break;
      answered = burst.AwaitMoreThan(answered);
    }
    MutexLock lock(&mu_);
    if (drop) ++counts_.drops;
  }

  std::unique_ptr<Call> MakeCall(int64_t index, int64_t burst, Random& random) {
    auto call = std::make_unique<Call>();
    call->index = index;
    // Made of UTF-8, so that it cannot fail.
    call->request = *client::ToWire(CheckedRequest(index, RandomSize(random)));
    call->short_deadline = Roll(random, 10) == 0;
    call->context.set_deadline(
        std::chrono::system_clock::now() +
        std::chrono::milliseconds(call->short_deadline ? 1 + Roll(random, 30) : 60'000));
    if (Roll(random, 10) == 0) call->cancel_after = Roll(random, burst);
    return call;
  }

  void Answer(Call& call, const grpc::Status& status) ABSL_LOCKS_EXCLUDED(mu_) {
    const bool right = status.ok() && AllRight(call.request, call.response);
    MutexLock lock(&mu_);
    ++outcomes_[call.index];
    if (right) {
      ++counts_.right;
    } else if (status.ok()) {
      ++counts_.wrong;
    } else {
      ++*CountOf(call, status.error_code());
    }
    if (++answered_ % options_.step == 0 || answered_ == options_.requests) stepped_.notify_one();
  }

  int64_t* CountOf(const Call& call, grpc::StatusCode code) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    switch (code) {
      case grpc::StatusCode::CANCELLED:
        return call.cancelled ? &counts_.cancelled : &counts_.unasked;
      case grpc::StatusCode::DEADLINE_EXCEEDED:
        return call.short_deadline ? &counts_.expired : &counts_.late;
      case grpc::StatusCode::RESOURCE_EXHAUSTED:
        return &counts_.refused;
      case grpc::StatusCode::UNAVAILABLE:
        return &counts_.unavailable;
      default:
        return &counts_.others;
    }
  }

  const RandomLoadOptions& options_;
  std::atomic<int64_t> next_ = 0;

  Mutex mu_;
  CondVar stepped_;
  int64_t answered_ ABSL_GUARDED_BY(mu_) = 0;
  RandomLoadCounts counts_ ABSL_GUARDED_BY(mu_);
  std::vector<uint8_t> outcomes_ ABSL_GUARDED_BY(mu_);  // By request: how many it had.
};

}  // namespace

RandomLoadCounts RunRandomLoad(const RandomLoadOptions& options) { return Load(options).Run(); }

}  // namespace assay::testing
