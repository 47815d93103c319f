#include "client/request_pump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"

namespace assay::client {
namespace {

using ::testing::SizeIs;

// Blocks the test until the pump has told of something often enough.
class Bell {
 public:
  void Ring() {
    MutexLock lock(&mu_);
    ++rung_;
    changed_.notify_all();
  }
  void Await(int times) {
    MutexLock lock(&mu_);
    while (rung_ < times) changed_.wait(mu_);
  }

 private:
  Mutex mu_;
  CondVar changed_;
  int rung_ ABSL_GUARDED_BY(mu_) = 0;
};

RequestSource CountTo(int last, std::atomic<int>* calls) {
  return [last, calls]() -> std::optional<ScoreRequest> {
    const int call = ++*calls;
    if (call > last) return std::nullopt;
    return ScoreRequest{.prompt = {}, .responses = {absl::StrCat(call)}};
  };
}

TEST(RequestPumpTest, PullsNoFurtherThanTheRoomThatIsGivenBack) {
  std::atomic<int> calls = 0;
  Bell bell;
  RequestPump pump(CountTo(5, &calls), /*room=*/2, [&] { bell.Ring(); });
  bell.Await(2);
  EXPECT_EQ(calls, 2);
  EXPECT_THAT(pump.Take().requests, SizeIs(2));
  EXPECT_EQ(calls, 2);  // Taken is not answered.
  pump.Release(1);
  bell.Await(3);
  EXPECT_EQ(calls, 3);
}

TEST(RequestPumpTest, HandsOverEachRequestOnceInOrderAndThenTheEnd) {
  std::atomic<int> calls = 0;
  Bell bell;
  RequestPump pump(CountTo(100, &calls), /*room=*/7, [&] { bell.Ring(); });
  int seen = 0;
  for (bool ended = false; !ended;) {
    RequestPump::Pulled pulled = pump.Take();
    for (const ScoreRequest& request : pulled.requests)
      EXPECT_EQ(request.responses[0], absl::StrCat(++seen));
    pump.Release(pulled.requests.size());
    ended = pulled.ended;
    if (!ended) bell.Await(seen + 1);
  }
  EXPECT_EQ(seen, 100);
  EXPECT_EQ(calls, 101);
}

TEST(RequestPumpTest, AnEndedSourceIsNotCalledAgain) {
  std::atomic<int> calls = 0;
  Bell bell;
  {
    RequestPump pump(CountTo(0, &calls), /*room=*/3, [&] { bell.Ring(); });
    bell.Await(1);
    EXPECT_TRUE(pump.Take().ended);
    pump.Release(5);
  }
  EXPECT_EQ(calls, 1);
}

TEST(RequestPumpTest, StopKeepsTheRequestThatWasUnderWayAndPullsNoMore) {
  Bell entered;
  Bell let_go;
  Bell told;
  int calls = 0;
  RequestPump pump(
      [&]() -> std::optional<ScoreRequest> {
        ++calls;
        entered.Ring();
        let_go.Await(1);
        return ScoreRequest();
      },
      /*room=*/9, [&] { told.Ring(); });
  entered.Await(1);
  pump.Stop();
  let_go.Ring();
  told.Await(2);
  const RequestPump::Pulled pulled = pump.Take();
  EXPECT_THAT(pulled.requests, SizeIs(1));
  EXPECT_TRUE(pulled.ended);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace assay::client
