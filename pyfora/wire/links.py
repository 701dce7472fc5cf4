"""Which messages may travel on which link, by direction."""

from __future__ import annotations

from typing import ClassVar

from pyfora.wire.messages import (
    AnswerTaken,
    Beat,
    CancelProgram,
    ClientHello,
    DriveProgram,
    DropFold,
    FoldClosed,
    FoldOffered,
    FoldOpened,
    FoldTerms,
    KernelAnswered,
    KernelBuilt,
    KernelWanted,
    Message,
    PieceDone,
    PieceLost,
    ProcessReady,
    ProgramAccepted,
    ProgramEnded,
    ProgramPrinted,
    ProgramProgressed,
    Refused,
    RegisterWorker,
    ReleaseValues,
    RunGranted,
    RunLeaves,
    RunLost,
    RunProgram,
    StealRuns,
    SubmitProgram,
    TermsFolded,
    Welcome,
    WorkerLeaving,
    WorkerRegistered,
    WorkOffered,
)


class Link:
    """Which messages may travel on which link, by direction; anything else is refused on receipt."""

    CLIENT_TO_MANAGER: ClassVar[tuple[type[Message], ...]] = (
        ClientHello,
        SubmitProgram,
        CancelProgram,
        AnswerTaken,
        ReleaseValues,
    )
    MANAGER_TO_CLIENT: ClassVar[tuple[type[Message], ...]] = (
        Welcome,
        Refused,
        ProgramAccepted,
        ProgramProgressed,
        ProgramPrinted,
        ProgramEnded,
    )
    WORKER_TO_MANAGER: ClassVar[tuple[type[Message], ...]] = (
        RegisterWorker,
        WorkerLeaving,
        KernelWanted,
        KernelBuilt,
        FoldOpened,
        FoldClosed,
        ProgramProgressed,
        ProgramPrinted,
        ProgramEnded,
        Beat,
    )
    MANAGER_TO_WORKER: ClassVar[tuple[type[Message], ...]] = (
        WorkerRegistered,
        Refused,
        KernelAnswered,
        RunProgram,
        CancelProgram,
        ReleaseValues,
        WorkOffered,
        FoldClosed,
        Beat,
    )
    THIEF_TO_HOME: ClassVar[tuple[type[Message], ...]] = (StealRuns, PieceDone, TermsFolded, RunLost, Beat)
    HOME_TO_THIEF: ClassVar[tuple[type[Message], ...]] = (RunGranted, FoldTerms, DropFold, Beat)
    PROCESS_TO_WORKER: ClassVar[tuple[type[Message], ...]] = (
        ProcessReady,
        KernelWanted,
        KernelBuilt,
        FoldOffered,
        FoldTerms,
        FoldClosed,
        PieceDone,
        TermsFolded,
        ProgramPrinted,
        ProgramEnded,
    )
    WORKER_TO_PROCESS: ClassVar[tuple[type[Message], ...]] = (
        DriveProgram,
        KernelAnswered,
        RunLeaves,
        PieceDone,
        PieceLost,
        FoldTerms,
        TermsFolded,
        DropFold,
    )
