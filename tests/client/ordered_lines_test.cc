#include "client/ordered_lines.h"

#include <algorithm>
#include <random>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "client/stream_output.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;

TEST(OrderedLinesTest, WritesInTheOrderOfThePlacesHoweverTheyAreFilled) {
  for (int seed = 0; seed < 50; ++seed) {
    std::ostringstream out;
    StreamOutput output(&out);
    OrderedLines lines(&output, 10);
    std::vector<int64_t> places(10);
    for (int64_t& place : places) place = *lines.TakePlace();
    std::shuffle(places.begin(), places.end(), std::mt19937(seed));
    for (const int64_t place : places) lines.Fill(place, absl::StrCat(place), {.rows = 1});
    EXPECT_EQ(out.str(), "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  }
}

TEST(OrderedLinesTest, ALineIsWrittenAsSoonAsItsTurnHasCome) {
  std::ostringstream out;
  StreamOutput output(&out);
  OrderedLines lines(&output, 3);
  for (int i = 0; i < 3; ++i) ASSERT_THAT(lines.TakePlace(), IsOk());
  lines.Fill(1, "b", {.rows = 1});
  EXPECT_EQ(out.str(), "");
  lines.Fill(0, "a", {.rows = 1});
  EXPECT_EQ(out.str(), "a\nb\n");
}

// Sums what it is given.
class CountingSink : public RowSink {
 public:
  void Append(absl::string_view, const RowCounts& counts) override { sum += counts; }
  void Flush() override {}
  absl::Status status() const override { return absl::OkStatus(); }

  RowCounts sum;
};

TEST(OrderedLinesTest, CountsReachTheSinkWithTheirLinesAndNotBefore) {
  CountingSink sink;
  OrderedLines lines(&sink, 3);
  for (int i = 0; i < 3; ++i) ASSERT_THAT(lines.TakePlace(), IsOk());
  lines.Fill(2, "c", {.rows = 1, .tokens = 100});
  lines.Fill(1, "b", {.rows = 1, .errors = 1, .tokens = 10});
  EXPECT_EQ(sink.sum, RowCounts());
  lines.Fill(0, "a", {.rows = 1, .tokens = 1});
  EXPECT_EQ(sink.sum, (RowCounts{.rows = 3, .errors = 1, .tokens = 111}));
}

TEST(OrderedLinesTest, AFullWindowHoldsTheTakerUntilTheOldestIsWritten) {
  std::ostringstream out;
  StreamOutput output(&out);
  OrderedLines lines(&output, 4);
  Mutex mu;
  CondVar changed;
  int64_t taken = 0;
  int64_t written = 0;
  int64_t most_ahead = 0;
  std::thread taker([&] {
    for (int i = 0; i < 1000; ++i) {
      ASSERT_THAT(lines.TakePlace(), IsOk());
      MutexLock lock(&mu);
      most_ahead = std::max(most_ahead, ++taken - written);
      changed.notify_all();
    }
  });
  for (int64_t i = 0; i < 1000; ++i) {
    {
      MutexLock lock(&mu);
      while (taken <= i) changed.wait(mu);
      ++written;  // Before the line is: what is counted ahead is never more than what was.
    }
    lines.Fill(i, absl::StrCat(i), {.rows = 1});
  }
  taker.join();
  EXPECT_LE(most_ahead, 4);
}

TEST(OrderedLinesTest, AWindowThatGrowsFreesTheTakerAndOneThatShrinksHoldsItLonger) {
  std::ostringstream out;
  StreamOutput output(&out);
  OrderedLines lines(&output, 1);
  ASSERT_THAT(lines.TakePlace(), IsOk());
  std::thread taker([&] {
    for (int i = 1; i < 4; ++i) EXPECT_THAT(lines.TakePlace(), IsOk());
  });
  lines.SetWindow(4);
  taker.join();  // Though nothing was written.
  lines.SetWindow(2);
  Mutex mu;
  int64_t filled = 0;
  int64_t filled_when_taken = 0;
  std::thread late([&] {
    EXPECT_THAT(lines.TakePlace(), IsOk());
    MutexLock lock(&mu);
    filled_when_taken = filled;
  });
  for (int64_t i = 0; i < 4; ++i) {
    {
      MutexLock lock(&mu);
      ++filled;
    }
    lines.Fill(i, absl::StrCat(i), {.rows = 1});
  }
  late.join();
  EXPECT_GE(filled_when_taken, 3);  // One place was left of the four.
  EXPECT_EQ(out.str(), "0\n1\n2\n3\n");
}

TEST(OrderedLinesTest, AStreamThatFailsGivesNoMorePlaces) {
  std::ostringstream out;
  StreamOutput output(&out);
  OrderedLines lines(&output, 4);
  ASSERT_THAT(lines.TakePlace(), IsOk());
  out.setstate(std::ios::badbit);
  lines.Fill(0, "lost", {.rows = 1});
  EXPECT_THAT(lines.TakePlace(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(lines.status(), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace assay::client
