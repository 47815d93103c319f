#include "server/stop_signal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

namespace assay {
namespace {

// Each in a process of its own: which signals a thread leaves alone cannot be taken back.
class StopSignalTest : public ::testing::TestWithParam<int> {
 protected:
  StopSignalTest() { ::testing::GTEST_FLAG(death_test_style) = "threadsafe"; }

  static void Send(int signal) { kill(getpid(), signal); }
};

TEST_P(StopSignalTest, AnAwaitedSignalEndsTheWait) {
  EXPECT_EXIT(
      {
        StopSignal stop;
        stop.Hold();
        Send(GetParam());
        stop.Await();
        std::_Exit(42);
      },
      ::testing::ExitedWithCode(42), "");
}

TEST_P(StopSignalTest, BeforeHoldASignalEndsTheProcessCleanly) {
  EXPECT_EXIT(
      {
        StopSignal stop;
        Send(GetParam());
        while (true) pause();
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_P(StopSignalTest, ASecondSignalEndsTheProcessAtOnce) {
  EXPECT_EXIT(
      {
        StopSignal stop;
        stop.Hold();
        Send(GetParam());
        stop.Await();
        Send(GetParam());
        while (true) pause();
      },
      ::testing::ExitedWithCode(1), "");
}

TEST_P(StopSignalTest, ARequestEndsTheWaitLikeASignal) {
  EXPECT_EXIT(
      {
        StopSignal stop;
        stop.Hold();
        stop.Request();
        stop.Await();
        std::_Exit(42);
      },
      ::testing::ExitedWithCode(42), "");
}

TEST_P(StopSignalTest, DestructionWithoutAnySignalEnds) {
  EXPECT_EXIT(
      {
        { StopSignal stop; }
        std::_Exit(42);
      },
      ::testing::ExitedWithCode(42), "");
}

INSTANTIATE_TEST_SUITE_P(Signals, StopSignalTest, ::testing::Values(SIGTERM, SIGINT));

}  // namespace
}  // namespace assay
