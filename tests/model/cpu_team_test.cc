#include "model/cpu_team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <numeric>
#include <set>
#include <stdexcept>
#include <vector>

namespace assay {
namespace {

// Calls of each piece.
std::vector<int> CallsOf(CpuTeam::Computation& computation, int64_t pieces) {
  std::vector<std::atomic<int>> calls(pieces);
  computation.ForEach(pieces, [&](int64_t piece) { calls[piece].fetch_add(1); });
  return {calls.begin(), calls.end()};
}

TEST(CpuTeamTest, EveryPieceHasItsTurnOnce) {
  for (int threads : {1, 2, 5}) {
    CpuTeam team(threads);
    CpuTeam::Computation computation(&team);
    for (int64_t pieces : {0, 1, 2, 3, 100, 1000}) {
      EXPECT_EQ(CallsOf(computation, pieces), std::vector<int>(pieces, 1));
    }
  }
}

TEST(CpuTeamTest, ALoneComputationHasAllThreads) {
  CpuTeam team(3);
  CpuTeam::Computation computation(&team);
  EXPECT_EQ(computation.threads(), 3);
  // Each piece waits for the two others: only three threads at once get past it.
  std::latch all_here(3);
  computation.ForEach(3, [&](int64_t) { all_here.arrive_and_wait(); });
}

TEST(CpuTeamTest, AComputationForEveryThreadKeepsToItsOwn) {
  CpuTeam team(2);
  CpuTeam::Computation first(&team);
  CpuTeam::Computation second(&team);
  EXPECT_EQ(first.threads(), 1);
  const std::thread::id here = std::this_thread::get_id();
  second.ForEach(50, [&](int64_t) { EXPECT_EQ(std::this_thread::get_id(), here); });
}

TEST(CpuTeamTest, ThreadsAreFreeAgainWhenAComputationEnds) {
  CpuTeam team(2);
  CpuTeam::Computation first(&team);
  { CpuTeam::Computation second(&team); }
  std::latch both_here(2);
  first.ForEach(2, [&](int64_t) { both_here.arrive_and_wait(); });
}

TEST(CpuTeamTest, ComputationsAtTheSameTimeEachGetAllOfTheirPieces) {
  CpuTeam team(3);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        CpuTeam::Computation computation(&team);
        if (CallsOf(computation, 17) != std::vector<int>(17, 1)) wrong.fetch_add(1);
        if (CallsOf(computation, 3) != std::vector<int>(3, 1)) wrong.fetch_add(1);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(CpuTeamTest, AnErrorReachesTheCallerAndTheTeamGoesOn) {
  for (int threads : {1, 3}) {
    CpuTeam team(threads);
    CpuTeam::Computation computation(&team);
    for (int round = 0; round < 20; ++round) {
      EXPECT_THROW(computation.ForEach(40,
                                       [&](int64_t piece) {
                                         if (piece % 7 == 3) throw std::runtime_error("bad");
                                       }),
                   std::runtime_error);
    }
    EXPECT_EQ(CallsOf(computation, 40), std::vector<int>(40, 1));
  }
}

}  // namespace
}  // namespace assay
